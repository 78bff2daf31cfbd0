"""The demo of the lab on rows of digits: it computes what torch does, and reads what is drawn."""

import re
from collections.abc import Iterator

import pytest
import torch
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect
from torch import Tensor, nn

from rnn_tutorial.heads import ctc_collapse, ctc_greedy
from tests.site.axe import COLOURS, prepare, violations
from tests.widgets.handing import file, hand
from tests.widgets.handwriting import DIGITS, by_keys, by_mouse
from tests.widgets.stage import alone
from tests.widgets.trained_rows import trained, unseen

READ = """async ([base, url, rows]) => {
    const {weights} = await import(base + "assets/widgets/weights.js")
    const {read} = await import(base + "assets/widgets/digit-reader.js")
    const loaded = await weights(url)
    return rows.map((columns) => read(columns, loaded).map((chances) => [...chances]))
}"""
COLLAPSE = """async ([base, paths]) => {
    const {collapse} = await import(base + "assets/widgets/digit-reader.js")
    return paths.map((path) => collapse(path))
}"""
FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Up to 32 steps of sums of 72 products, each of which hands its rounding on, in both directions.
BOUND = 2048 * torch.finfo(torch.float32).eps


@torch.no_grad()
def log_probs(columns: Tensor) -> Tensor:
    """Return the log-probabilities (T, 11) for columns (T, 8) of pixels from 0 to 16."""
    weights = trained()
    network = nn.GRU(8, 64, batch_first=True, bidirectional=True)
    network.load_state_dict({name: weights[name] for name in network.state_dict()})
    states, _ = network(((columns / 16 - weights["mean"]) / weights["deviation"])[None])
    scores = nn.functional.linear(states[0], weights["head.weight"], weights["head.bias"])
    return scores.log_softmax(-1)


def reading(columns: Tensor) -> str:
    (labels,) = ctc_greedy(log_probs(columns)[None], torch.tensor([len(columns)]))
    return " ".join(str(label - 1) for label in labels)


def brought(page: Page, served: str, language: str = "en") -> Locator:
    demo = alone(page, served, "digit-reader", {"weights": hand(page, trained())}, language)
    demo.locator("button").nth(1).click()  # sample
    expect(demo.locator(".path i").filter(has_text=re.compile(r"\S")).first).to_be_attached()
    return demo


@pytest.fixture
def demo(context: BrowserContext, served: str) -> Locator:
    return brought(context.new_page(), served)


def path(demo: Locator) -> str:
    """Read what the network says at each column that has been read."""
    demo.page.evaluate(FRAME)
    return "".join(demo.locator(".path i").all_inner_texts())


def columns(demo: Locator) -> Tensor:
    """Read the columns that the network gets off the drawing, as the lab would cut them."""
    demo.page.evaluate(FRAME)
    shares = demo.locator(".pixels rect").evaluate_all(
        "all => all.map(one => Number(one.getAttribute('fill-opacity')))"
    )
    pixels = torch.tensor(shares).view(8, 32).T * 16
    inked = pixels.amax(1).nonzero()[:, 0]
    return pixels[inked[0] - 1 : inked[-1] + 2] if len(inked) else pixels[:0]


# Against torch


def test_probabilities_are_those_of_torch_on_rows_not_trained_on(
    context: BrowserContext, served: str
) -> None:
    page = context.new_page()
    page.goto(served + "404.html")
    rows = [16 * row.columns for row in unseen()]
    url = hand(page, trained())
    found = page.evaluate(READ, [served, url, [row.tolist() for row in rows]])
    right = 0
    for row, chances, truth in zip(rows, found, unseen(), strict=True):
        expected = log_probs(row).exp()
        torch.testing.assert_close(torch.tensor(chances), expected, rtol=BOUND, atol=BOUND)
        labels = ctc_collapse(torch.tensor(chances).argmax(1).tolist())
        right += labels == truth.labels.tolist()
    assert right >= len(rows) / 3  # a row is wrong if one of its digits is


def test_collapse_is_that_of_the_course(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.goto(served + "404.html")
    paths = torch.randint(0, 3, (200, 9), generator=torch.Generator().manual_seed(0)).tolist()
    paths.append([])
    assert page.evaluate(COLLAPSE, [served, paths]) == [ctc_collapse(path) for path in paths]


def test_it_shows_a_test_row_and_what_torch_says(demo: Locator) -> None:
    says = demo.locator("[aria-live]")
    for row in unseen()[:4]:
        shown = columns(demo)
        torch.testing.assert_close(shown, 16 * row.columns, rtol=0, atol=1e-4)
        answer = reading(shown)
        expect(says).to_contain_text(f"Read so far: {answer}." if answer else "No digit so far.")
        truth = " ".join(str(label - 1) for label in row.labels.tolist())
        expect(says).to_contain_text(f"This row of the test part shows {truth}.")
        symbols = log_probs(shown).argmax(1).tolist()
        assert path(demo) == "".join(str(symbol - 1) if symbol else "·" for symbol in symbols)
        demo.get_by_role("button", name="Sample").click()


def test_the_drawn_probabilities_are_those_of_torch(demo: Locator) -> None:
    shown = columns(demo)
    rects = demo.locator(".chances rect").evaluate_all(
        "all => all.map(one => Number(one.getAttribute('fill-opacity')))"
    )
    drawn = torch.tensor(rects).view(10, 32).T
    expected = torch.zeros(32, 10)
    expected[: len(shown)] = log_probs(shown).exp()[:, 1:]
    torch.testing.assert_close(drawn, expected, rtol=BOUND, atol=BOUND)


def test_it_reads_what_is_drawn(demo: Locator) -> None:
    """A network this small misses some; torch says the same of the same columns."""
    right = 0
    for digits in ((4, 7, 1), (0, 2, 6), (3, 5, 0)):
        demo.get_by_role("button", name="Clear").click()
        for place, digit in enumerate(digits):
            by_mouse(demo, DIGITS[digit], left=8 + 24 * place)
        answer = reading(columns(demo))
        expect(demo.locator("[aria-live]")).to_contain_text(f"Read so far: {answer}.")
        right += sum(a == str(b) for a, b in zip(answer.split(), digits, strict=False))
    assert right >= 4


# In use


def test_everything_by_keyboard(demo: Locator) -> None:
    keyboard = demo.page.keyboard
    demo.get_by_role("button", name="Clear").click()
    by_keys(demo, DIGITS[7])
    whole = path(demo)
    assert "7" in whole
    assert len(whole) == len(columns(demo))
    pressed = []
    for _ in range(4):  # through the buttons and the slider
        keyboard.press("Tab")
        pressed.append(demo.page.evaluate("document.activeElement.textContent"))
    assert pressed == ["Clear", "Sample", "Play", ""]
    keyboard.press("ArrowLeft")
    keyboard.press("ArrowLeft")
    assert path(demo) == whole[:-2]
    expect(demo.locator("[aria-live]")).to_contain_text(f"Column {len(whole) - 2}: the network")
    for _ in range(3):
        keyboard.press("Shift+Tab")
    keyboard.press("Enter")  # clear
    assert path(demo) == ""


def test_columns_are_read_one_after_another(demo: Locator) -> None:
    whole, clock = path(demo), demo.page.clock
    clock.install(time=0)
    clock.pause_at(1000)  # from here on no frame comes by itself
    demo.get_by_role("button", name="Play").click()
    says, symbols = demo.locator("[aria-live]"), demo.locator(".path i")
    for count in range(1, len(whole) + 1):
        assert "".join(symbols.all_inner_texts()) == whole[:count]
        expect(says).to_have_attribute("aria-live", "polite" if count == len(whole) else "off")
        clock.run_for(250)
    assert "".join(symbols.all_inner_texts()) == whole
    expect(demo.get_by_role("button", name="Play")).to_be_visible()


def test_nothing_and_a_point_get_a_message(demo: Locator) -> None:
    says = demo.locator("[aria-live]")
    demo.get_by_role("button", name="Clear").click()
    expect(says).to_have_text("Nothing is drawn yet. Draw some digits, or take a sample.")
    assert path(demo) == ""
    expect(demo.get_by_role("button", name="Play")).to_be_disabled()
    by_mouse(demo, [[(3, 3)]])
    expect(says).to_have_text("Too small to be digits. Draw them larger.")
    by_mouse(demo, [[(0, 5), (40, 5)]])  # no digit either, but a line over the whole width
    assert len(path(demo)) == len(columns(demo)) > 8
    assert "NaN" not in demo.inner_html()


def test_without_weights_the_recorded_example_stays(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.route("**/lost.json", lambda route: route.fulfill(status=404))
    demo = alone(page, served, "digit-reader", {"weights": "lost.json"})
    by_mouse(demo, DIGITS[3])
    expect(demo.get_by_role("alert")).to_contain_text("cannot run")
    expect(page.locator(".widget")).not_to_contain_class("widget--running")


def test_weights_are_loaded_when_something_is_drawn(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    late: list[Route] = []
    page.route("**/late.json", lambda route: late.append(route))
    demo = alone(page, served, "digit-reader", {"weights": "late.json"})
    assert not late
    by_mouse(demo, DIGITS[3])
    expect(demo.locator("[aria-live]")).to_have_text("The weights are loading.")
    late[0].fulfill(body=file(trained()))
    expect(demo.locator("[aria-live]")).to_contain_text("After all columns")
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
        "e => [...e.querySelectorAll('span, i, p, button')]"
        ".filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1 && !e.matches('.said'))"
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
    expect(demo.locator("[aria-live]")).to_contain_text("读完所有列")
    demo.get_by_role("slider").fill("3")
    expect(demo.locator("[aria-live]")).to_contain_text("第 3 列：网络的回答是")
    demo.get_by_role("button", name="清除").click()
    expect(demo.locator("[aria-live]")).to_contain_text("还没有手写内容")
    assert not re.search("[A-Za-z]{2,}", demo.inner_text())
