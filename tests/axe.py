"""axe-core on a page: everything in one scheme, contrasts in both.

axe-core takes most of its time for contrasts, and finds the same ones a thousand times: here it is
given one text of each kind, by what its contrast depends on.
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
# One colour is checked once for every token: tests/test_figures.py computes the contrasts of all
# colours of code from the style sheet. Here a block of code is one text, and a formula its MathML.
LIGHTEN = """() => {
    for (const code of document.querySelectorAll("pre > code")) code.textContent = code.textContent
    for (const formula of document.querySelectorAll(".katex-html")) formula.remove()
    for (const fold of document.querySelectorAll("details")) fold.open = true
}"""
# The bubble over a copy button hangs outside all landmarks, and fades while axe-core is at work.
BUBBLE = ".md-tooltip2"
STRUCTURE = f"""() => axe.run({{exclude: ["{BUBBLE}"]}}, {{
    resultTypes: ["violations"], rules: {{"color-contrast": {{enabled: false}}}}
}})"""
CONTRAST = """bubble => {
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
    const first = new Map()
    for (const element of document.body.querySelectorAll("*")) {
        const texts = [...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE)
        if (!texts.some(text => text.data.trim()) || element.closest(bubble)) continue
        if (!element.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue
        const {color, fontSize, fontWeight, textShadow} = getComputedStyle(element)
        const kind = [color, fontSize, fontWeight, textShadow, ground(element)].join("|")
        if (!first.has(kind)) first.set(kind, element)
    }
    return axe.run({include: [...first.values()]}, {
        resultTypes: ["violations"], runOnly: ["color-contrast"]
    })
}"""


def prepare(page: Page) -> None:
    """Show all of the page; load axe-core; change the page so that it has less to look at."""
    page.evaluate(REACH)
    page.evaluate(LIGHTEN)
    page.evaluate(AXE)


def structure_violations(page: Page) -> list[str]:
    return described(page.evaluate(STRUCTURE))


def contrast_violations(page: Page) -> list[str]:
    """Name the kinds of text that are too faint in the present scheme."""
    return described(page.evaluate(CONTRAST, BUBBLE))


def described(found: dict[str, Any]) -> list[str]:
    """Describe what axe-core complains of: the rule, how often, and where first."""
    assert found["passes"], "axe-core looked at nothing"
    return [
        f"{rule['id']} ({len(rule['nodes'])}): {rule['help']}: {rule['nodes'][0]['html'][:200]}"
        for rule in found["violations"]
    ]
