"""axe-core on a page: everything in the scheme that it is in, colours in another one."""

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
# axe-core takes most of its time for colours. tests/course/test_figures.py computes the contrasts
# of all colours of code: here a block of code is one text, and a formula its MathML.
LIGHTEN = """() => {
    for (const code of document.querySelectorAll("pre > code")) code.textContent = code.textContent
    for (const formula of document.querySelectorAll(".katex-html")) formula.remove()
    for (const fold of document.querySelectorAll("details")) fold.open = true
}"""
# The bubble over a copy button hangs outside all landmarks, and fades while axe-core is at work.
# Colours fade from one scheme to the other, and are to be looked at when they have arrived.
RUN = """async rules => {
    const ends = (animation) => animation.effect.getComputedTiming().endTime < 1e4
    const fading = document.getAnimations().filter(ends)
    await Promise.allSettled(fading.map((animation) => animation.finished))
    return axe.run({exclude: [".md-tooltip2"]}, {
        resultTypes: ["violations"], ...(rules.length && {runOnly: rules})
    })
}"""
COLOURS = ["color-contrast", "link-in-text-block"]  # all that another scheme can change


def prepare(page: Page) -> None:
    """Show all of the page; load axe-core; change the page so that it has less to look at."""
    page.evaluate(REACH)
    page.evaluate(LIGHTEN)
    page.evaluate(AXE)


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    """Name what axe-core reports, by all of its rules or by some: how often, where first."""
    found: dict[str, Any] = page.evaluate(RUN, rules or [])
    assert found["passes"], "axe-core looked at nothing"
    return [
        f"{rule['id']} ({len(rule['nodes'])}): {rule['help']}: {rule['nodes'][0]['html'][:200]}"
        for rule in found["violations"]
    ]
