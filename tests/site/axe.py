"""axe-core on a page: everything in one scheme, colours in both.

axe-core takes most of its time for colours, and finds the same ones a thousand times: here it is
given one text and one link of each kind, by what the contrast depends on, and of the same kind
none on a later page.
"""

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
# Material lets a wide block of code be scrolled by keyboard once it has been on the screen.
REACH = """async () => {
    for (const code of document.querySelectorAll("pre > code")) {
        code.closest("details")?.setAttribute("open", "")
        const end = performance.now() + 1000
        const wide = () => code.scrollWidth > code.clientWidth && !code.hasAttribute("tabindex")
        while (wide() && performance.now() < end) {
            code.scrollIntoView({behavior: "instant"})
            await new Promise(requestAnimationFrame)
        }
    }
}"""
# One colour is checked once for every token: tests/course/test_figures.py computes the contrasts
# of all colours of code. Here a block of code is one text, and a formula its MathML.
LIGHTEN = """() => {
    for (const code of document.querySelectorAll("pre > code")) code.textContent = code.textContent
    for (const formula of document.querySelectorAll(".katex-html")) formula.remove()
    for (const fold of document.querySelectorAll("details")) fold.open = true
}"""
# The bubble over a copy button hangs outside all landmarks, and fades while axe-core is at work.
BUBBLE = ".md-tooltip2"
STRUCTURE = f"""() => axe.run({{exclude: ["{BUBBLE}"]}}, {{
    resultTypes: ["violations"],
    rules: {{"color-contrast": {{enabled: false}}, "link-in-text-block": {{enabled: false}}}}
}})"""
CONTRAST = """async ([bubble, seen]) => {
    const grounds = new WeakMap()  // what lies behind an element, down to the page
    const ground = element => {
        if (!element) return ""
        if (!grounds.has(element)) {
            const {backgroundColor, backgroundImage, opacity, filter} = getComputedStyle(element)
            const own = [backgroundColor, backgroundImage, opacity, filter].join()
            const clear = own === "rgba(0, 0, 0, 0),none,1,none"
            grounds.set(element, (clear ? "" : `${own};`) + ground(element.parentElement))
        }
        return grounds.get(element)
    }
    const look = element => {
        const {color, fontSize, fontWeight, textShadow} = getComputedStyle(element)
        // Large letters, as WCAG draws the line: 18 points, or 14 if they are bold.
        const large = parseFloat(fontSize) * 0.75 >= (fontWeight >= 700 ? 14 : 18)
        return [color, large, textShadow, ground(element)].join("|")
    }
    // A link is told from the text around it by a line, or by a colour that differs from its.
    const line = link => {
        const {textDecorationLine, borderBottomStyle, borderBottomWidth} = getComputedStyle(link)
        return [textDecorationLine, borderBottomStyle, borderBottomWidth, link.className].join("|")
    }
    const first = new Map()
    for (const link of document.body.querySelectorAll("a[href]")) {
        if (!link.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue
        const kind = `link|${line(link)}|${look(link)}|${look(link.parentElement)}`
        if (!first.has(kind)) first.set(kind, link)
    }
    for (const element of document.body.querySelectorAll("*")) {
        const texts = [...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE)
        if (!texts.some(text => text.data.trim()) || element.closest(bubble)) continue
        if (!element.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue
        const kind = look(element)
        if (!first.has(kind)) first.set(kind, element)
    }
    const kinds = [...first.keys()]
    for (const kind of seen) first.delete(kind)
    const fresh = [...new Set(first.values())]
    const rules = ["color-contrast", "link-in-text-block"]
    const found = fresh.length
        ? await axe.run({include: fresh}, {resultTypes: ["violations"], runOnly: rules})
        : {violations: []}
    return [found, kinds]
}"""


def prepare(page: Page) -> None:
    """Show all of the page; load axe-core; change the page so that it has less to look at."""
    page.evaluate(REACH)
    page.evaluate(LIGHTEN)
    page.evaluate(AXE)


def structure_violations(page: Page) -> list[str]:
    found = page.evaluate(STRUCTURE)
    assert found["passes"], "axe-core looked at nothing"
    return described(found)


def contrast_violations(page: Page, seen: set[str]) -> list[str]:
    """Name the kinds of text that are too faint, or links like text, in the present scheme.

    Kinds in `seen` are left out; those of this page are added to it.
    """
    found, kinds = page.evaluate(CONTRAST, [BUBBLE, list(seen)])
    assert kinds, "the page shows no text"
    seen.update(kinds)
    return described(found)


def described(found: dict[str, Any]) -> list[str]:
    """Describe what axe-core complains of: the rule, how often, and where first."""
    return [
        f"{rule['id']} ({len(rule['nodes'])}): {rule['help']}: {rule['nodes'][0]['html'][:200]}"
        for rule in found["violations"]
    ]
