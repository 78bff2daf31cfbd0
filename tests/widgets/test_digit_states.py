"""The demo of the digits lab: it computes what torch computes, and reads what is drawn."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect
from torch import Tensor, nn

from tests.site.axe import COLOURS, prepare, violations
from tests.site.published import tree
from tests.site.visits import load
from tests.widgets.handing import file, hand
from tests.widgets.handwriting import DIGITS, by_keys, by_mouse
from tests.widgets.stage import alone, bring
from tests.widgets.trained_digits import split, trained

READ = """async ([base, url, images]) => {
    const {weights} = await import(base + "assets/widgets/weights.js")
    const {read} = await import(base + "assets/widgets/digit-states.js")
    const loaded = await weights(url)
    return images.map((image) => read(image, loaded).map(({state, chances}) =>
        [[...state], [...chances]]))
}"""
FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Eight steps of sums of 136 products, each of which hands its rounding on.
BOUND = 256 * torch.finfo(torch.float32).eps


@torch.no_grad()
def steps(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return the states after each row, (N, 8, 128), and the head's probabilities (N, 8, 10)."""
    weights = trained()
    network = nn.RNN(8, 128, batch_first=True)
    network.load_state_dict({name: weights[name] for name in network.state_dict()})
    states, _ = network((images - weights["mean"]) / weights["deviation"])
    scores = nn.functional.linear(states, weights["head.weight"], weights["head.bias"])
    return states, scores.softmax(-1)


def brought(page: Page, served: str, language: str = "en") -> Locator:
    demo = alone(page, served, "digit-states", {"weights": hand(page, trained())}, language)
    demo.locator("button").nth(1).click()  # sample
    expect(demo.locator("td b")).to_have_count(8)
    return demo


@pytest.fixture
def demo(context: BrowserContext, served: str) -> Locator:
    return brought(context.new_page(), served)


def shown(demo: Locator) -> list[str]:
    """List what stands in the last column, after each row that has been read."""
    demo.page.evaluate(FRAME)
    return [text for text in demo.locator("tr > :last-child").all_inner_texts()[1:] if text]


def pixels(demo: Locator) -> Tensor:
    """Read the drawn image off its labels."""
    demo.page.evaluate(FRAME)
    labels = demo.locator(".pixels").evaluate_all(
        "all => all.map(one => one.getAttribute('aria-label'))"
    )
    return torch.tensor([[float(value) for value in label.split()] for label in labels])


def expected(image: Tensor) -> list[str]:
    best, digits = steps(image[None])[1][0].max(1)
    pairs = zip(digits.tolist(), best.tolist(), strict=True)
    return [f"{digit} {100 * share:.0f}%" for digit, share in pairs]


# Against torch


def test_states_are_those_of_torch_on_images_not_trained_on(
    context: BrowserContext, served: str
) -> None:
    page = context.new_page()
    page.goto(served + "404.html")
    _, _, test, truth = (part[:40] for part in split())
    found = page.evaluate(READ, [served, hand(page, trained()), test.tolist()])
    states, chances = (
        torch.tensor([[row[part] for row in image] for image in found]) for part in (0, 1)
    )
    torch.testing.assert_close(states, steps(test)[0], rtol=BOUND, atol=BOUND)
    torch.testing.assert_close(chances, steps(test)[1], rtol=BOUND, atol=BOUND)
    assert (chances[:, -1].argmax(1) == truth).float().mean() > 0.9


def test_it_shows_a_test_image_and_what_torch_says(demo: Locator) -> None:
    _, _, test, truth = split()
    assert len(truth[:3].unique()) == 3, "so that each sample can be waited for"
    for number in range(3):
        says = demo.locator("[aria-live]")
        expect(says).to_contain_text(f"shows a {truth[number]}.")
        assert torch.equal(pixels(demo), test[number])
        assert shown(demo) == expected(test[number])
        expect(says).to_contain_text(f"After all rows, the head says {shown(demo)[-1][0]} (")
        demo.get_by_role("button", name="Sample").click()


def test_the_drawn_state_is_that_of_torch(demo: Locator) -> None:
    _, _, test, _ = split()
    rects = demo.locator("tr:nth-child(6) .state rect").evaluate_all(
        "all => all.map(one => Number(one.getAttribute('fill-opacity'))"
        " * (one.classList.contains('negative') ? -1 : 1))"
    )
    state = steps(test[:1])[0][0, 4]
    torch.testing.assert_close(torch.tensor(rects), state, rtol=BOUND, atol=BOUND)
    bars = demo.locator("tr:nth-child(6) .chances rect").evaluate_all(
        "all => all.map(one => Number(one.getAttribute('height')))"
    )
    torch.testing.assert_close(torch.tensor(bars), steps(test[:1])[1][0, 4], rtol=BOUND, atol=BOUND)


def test_it_reads_what_is_drawn(demo: Locator) -> None:
    """A network this small misses some; torch says the same of the same pixels."""
    right = 0
    for digit, strokes in DIGITS.items():
        demo.get_by_role("button", name="Clear").click()
        by_mouse(demo, strokes)
        answers = shown(demo)
        assert answers == expected(pixels(demo))
        right += answers[-1][0] == str(digit)
    assert right >= 7


@pytest.mark.parametrize("edition", ["", "zh/"])
def test_the_page_of_the_lab_shows_what_its_run_has_found(
    context: BrowserContext, built_site: Path, served: str, edition: str
) -> None:
    """The weights are those of the run, as float16: the first sample is the image of its table."""
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    name = edition + "labs/digits.html"
    load(page, served + name)
    demo = bring(page, "digit-states")
    expect(demo.locator("[aria-live]")).not_to_be_empty()
    assert "digits.json" not in asked  # before its first use
    demo.locator("button").nth(1).click()  # sample
    expect(demo.locator("td b")).to_have_count(8)
    (frame,) = tree(built_site / name).cssselect("#digit-states")
    table = frame.xpath("preceding-sibling::table[1]/tbody/tr")
    recorded = [tuple(int(cell.text.rstrip("%")) for cell in row[1:]) for row in table]
    now = [tuple(map(int, re.findall(r"\d+", row))) for row in shown(demo)]
    assert [digit for digit, _ in now] == [digit for digit, _ in recorded]
    assert all(abs(ours[1] - theirs[1]) <= 1 for ours, theirs in zip(now, recorded, strict=True))
    assert (built_site / name).with_suffix(".json").stat().st_size <= 300_000


def test_without_scripts_the_lab_says_where_the_example_is(browser: Browser, served: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + "labs/digits.html")
    expect(page.locator("#digit-states")).to_contain_text("The table above is a recorded example.")
    expect(page.locator("table:has(+ p + #digit-states)")).to_be_visible()
    context.close()


# In use


def test_everything_by_keyboard(demo: Locator) -> None:
    keyboard = demo.page.keyboard
    by_keys(demo, DIGITS[7])
    answers = shown(demo)
    assert answers == expected(pixels(demo))
    assert answers[-1].startswith("7 ")
    pressed = []
    for _ in range(4):  # through the buttons and the slider
        keyboard.press("Tab")
        pressed.append(demo.page.evaluate("document.activeElement.textContent"))
    assert pressed == ["Clear", "Sample", "Play", ""]
    keyboard.press("ArrowLeft")
    keyboard.press("ArrowLeft")
    assert shown(demo) == answers[:6]
    expect(demo.locator("[aria-live]")).to_contain_text("After 6 of 8 rows, the head says")
    for _ in range(3):
        keyboard.press("Shift+Tab")
    keyboard.press("Enter")  # clear
    assert shown(demo) == []


def test_rows_are_read_one_after_another(demo: Locator) -> None:
    page = demo.page
    answers = shown(demo)
    page.clock.install()
    demo.get_by_role("button", name="Play").click()
    says = demo.locator("[aria-live]")
    for count in range(1, 9):
        assert shown(demo) == answers[:count]
        expect(says).to_have_attribute("aria-live", "polite" if count == 8 else "off")
        page.clock.run_for(700)
    assert shown(demo) == answers
    expect(demo.get_by_role("button", name="Play")).to_be_visible()


def test_nothing_and_a_point_get_a_message(demo: Locator) -> None:
    says = demo.locator("[aria-live]")
    demo.get_by_role("button", name="Clear").click()
    expect(says).to_have_text("Draw a digit on the pad, or take a sample.")
    assert shown(demo) == []
    expect(demo.get_by_role("button", name="Play")).to_be_disabled()
    by_mouse(demo, [[(3, 3)]])
    expect(says).to_have_text("Too small to be a digit. Draw it larger.")
    by_mouse(demo, [[(0, 5), (6, 5)]])  # no digit either, but a line
    assert len(shown(demo)) == 8
    assert "NaN" not in demo.inner_html()


def test_without_weights_the_recorded_example_stays(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.route("**/lost.json", lambda route: route.fulfill(status=404))
    demo = alone(page, served, "digit-states", {"weights": "lost.json"})
    by_mouse(demo, DIGITS[3])
    expect(demo.get_by_role("alert")).to_contain_text("cannot run")
    expect(page.locator(".widget")).not_to_contain_class("widget--running")


def test_weights_are_loaded_when_something_is_drawn(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    late: list[Route] = []
    page.route("**/late.json", lambda route: late.append(route))
    demo = alone(page, served, "digit-states", {"weights": "late.json"})
    assert not late
    by_mouse(demo, DIGITS[3])
    expect(demo.locator("[aria-live]")).to_have_text("The weights are loading.")
    late[0].fulfill(body=file(trained()))
    expect(demo.locator("td b")).to_have_count(8)
    expect(demo.locator("path")).to_have_count(1)


# How it looks


@pytest.fixture(params=[390, 1280])
def sized(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 844})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_fits_and_nothing_moves(sized: Page, served: str, language: str) -> None:
    demo = brought(sized, served, language)
    sizes = set()
    buttons = demo.locator(".drawing-pad button")
    for strokes in (None, [], [[(3, 3)]], DIGITS[8]):
        if strokes is not None:
            buttons.first.click()
            by_mouse(demo, strokes)
        sized.evaluate(FRAME)
        for count in "18":
            if demo.get_by_role("slider").is_enabled():
                demo.get_by_role("slider").fill(count)
            sizes.add(tuple((demo.bounding_box() or {}).items()))
    assert len(sizes) == 1
    assert sized.evaluate("document.documentElement.scrollWidth <= innerWidth")
    over = demo.evaluate(
        "e => [...e.querySelectorAll('td, th, p, button')]"
        ".filter((e) => e.scrollWidth > e.clientWidth + 1 && !e.matches('.said'))"
        ".map((e) => e.textContent)"
    )
    assert over == []
    assert all((one.bounding_box() or {})["height"] >= 24 for one in demo.locator("button").all())


def test_it_has_no_fault_for_axe(sized: Page, served: str) -> None:
    demo = brought(sized, served)
    prepare(sized)
    faults = {"sample": violations(sized)}
    sized.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    faults["dark"] = violations(sized, COLOURS)
    demo.get_by_role("button", name="Clear").click()
    faults["empty"] = violations(sized)
    assert not any(faults.values()), faults


def test_chinese_has_no_english(context: BrowserContext, served: str) -> None:
    demo = brought(context.new_page(), served, "zh")
    expect(demo.locator("[aria-live]")).to_contain_text("读完全部 8 行")
    demo.get_by_role("slider").fill("3")
    expect(demo.locator("[aria-live]")).to_contain_text("读完 3 行（共 8 行）")
    demo.get_by_role("button", name="清除").click()
    expect(demo.locator("[aria-live]")).to_contain_text("请在画板上写一个数字")
    assert not re.search("[A-Za-z]{2,}", demo.inner_text())
