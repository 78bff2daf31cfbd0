"""The pad: drawn by mouse, finger or keys, and its pixels look like those of scikit-learn."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from sklearn.datasets import load_digits

from tests.site.visits import load
from tests.widgets.handwriting import DIGITS, Stroke, by_keys, by_mouse

CALL = """async ([base, name, ...values]) => {
    const {[name]: called} = await import(`${base}assets/widgets/bitmaps.js`)
    const found = called(...values)
    return found instanceof Uint8Array ? [...found] : found
}"""
PLACE = """async ([base, columns, language]) => {
    const {DrawingPad} = await import(`${base}assets/widgets/drawing-pad.js`)
    const {default: words} = await import(`${base}assets/widgets/demos-${language}.js`)
    window.changes = 0
    const pixels = Array.from({length: 8}, (_, y) => Array(columns).fill(2 * y))
    window.pad = new DrawingPad(words.pad, () => changes++, () => pad.show(pixels), columns)
    document.querySelector("article").replaceChildren(pad.element)
}"""
FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def bare(browser: Browser, served: str) -> Iterator[Page]:
    """Open a page without a pad, for the arithmetic alone."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(served + "404.html")
    yield page
    context.close()


@pytest.fixture
def pad(context: BrowserContext, served: str) -> Locator:
    return placed(context.new_page(), served)


def placed(page: Page, served: str, columns: int = 8, language: str = "en") -> Locator:
    load(page, served + "404.html")
    page.evaluate(PLACE, [served, columns, language])
    return page.locator(".drawing-pad")


def strokes(pad: Locator) -> list[list[list[float]]]:
    pad.page.evaluate(FRAME)
    return pad.page.evaluate("pad.strokes")


# The arithmetic

SCRIBBLE: list[Stroke] = [[(3, 4), (20, 9), (20, 30), (7.5, 18.2)], [(31, 31)], [(0, 31), (1, 30)]]


def bitmap(strokes: list[Stroke], width: int, pen: float) -> np.ndarray:
    """Set what is within half a pen of a thousand points on each line."""
    lines = [line for s in strokes for line in zip(s, s[1:] or s, strict=False)]
    share = np.linspace(0, 1, 1000)[:, None]
    points = np.concatenate([(1 - share) * a + share * b for a, b in map(np.array, lines)])
    y, x = np.mgrid[:32, :width] + 0.5
    distance = np.hypot(x[..., None] - points[:, 0], y[..., None] - points[:, 1]).min(-1)
    return distance - pen / 2


@pytest.mark.parametrize(("width", "pen"), [(32, 5), (32, 3.2), (48, 8)])
def test_bits_are_those_under_the_pen(bare: Page, served: str, width: int, pen: float) -> None:
    found = bare.evaluate(CALL, [served, "bitmap", SCRIBBLE, width, pen])
    beyond = bitmap(SCRIBBLE, width, pen)
    clear = np.abs(beyond) > 1e-3  # but for what lies at the edge of the pen
    bits = np.array(found).reshape(32, width)
    np.testing.assert_array_equal(bits[clear], (beyond < 0)[clear])


def test_a_pixel_counts_a_block(bare: Page, served: str) -> None:
    bits = np.random.default_rng(0).integers(0, 2, (32, 48))
    found = bare.evaluate(CALL, [served, "blocks", bits.ravel().tolist(), 48])
    np.testing.assert_array_equal(found, bits.reshape(8, 4, 12, 4).sum((1, 3)))


def pixels(bare: Page, served: str, strokes: list[Any], name: str = "digit") -> np.ndarray:
    return np.array(bare.evaluate(CALL, [served, name, strokes]))


@pytest.mark.parametrize("digit", DIGITS)
def test_digit_looks_like_those_of_the_data(bare: Page, served: str, digit: int) -> None:
    found = pixels(bare, served, DIGITS[digit])
    images = load_digits().images
    ink = images.sum((1, 2))
    assert found.shape == (8, 8)
    assert 0 <= found.min() <= found.max() <= 16
    assert ink.min() <= found.sum() <= ink.max()
    assert found.sum(1).min() > 0  # all rows are full, as in the data
    assert images.sum(2).min() > 0
    assert found[:, 0].sum() <= images[:, :, 0].sum(1).max()
    # The left ends of the first and last row are below each other, and so they are in the data.
    first, last = ((rows > 0).argmax(-1) for rows in (found[0], found[-1]))
    assert abs(first - last) <= 1
    ends = (images[:, [0, -1]] > 0).argmax(-1)
    assert (abs(np.subtract(*ends.T)) <= 1).mean() > 0.99


@pytest.mark.parametrize("digit", [3, 4, 7])
@pytest.mark.parametrize(
    ("a", "b", "slant", "place"), [(1, 1, 0, 9), (3, 3, 0, 0), (1.2, 2, 0, 0), (2, 2, -0.2, 5)]
)
def test_place_size_and_slant_hardly_matter(
    bare: Page, served: str, digit: int, a: float, b: float, slant: float, place: float
) -> None:
    moved = [[(a * x + slant * y + place, b * y + place) for x, y in stroke]
             for stroke in DIGITS[digit]]  # fmt: skip
    found, other = (pixels(bare, served, strokes) for strokes in (DIGITS[digit], moved))
    # A slanted drawing is wider, and is stretched less before it is sheared.
    assert np.abs(other - found).mean() <= (1.5 if slant else 0.6)


def test_a_one_stays_narrow(bare: Page, served: str) -> None:
    found = pixels(bare, served, [[(5, 0), (5, 20)]])
    assert (found.sum(0) > 0).sum() <= 3


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ([], True),
        ([[(5, 5)]], True),
        ([[(5, 5), (6, 8.5)]], True),
        ([[(5, 5)], [(5, 9)]], False),
        ([[(5, 5), (9, 5)]], False),
    ],
)
def test_what_is_hardly_a_point_is_no_digit(
    bare: Page, served: str, drawn: list[Stroke], expected: bool
) -> None:
    assert bare.evaluate(CALL, [served, "missing", drawn]) == expected
    if not expected:
        for name in ("digit", "line"):
            found = pixels(bare, served, drawn, name)
            assert found.sum() > 0
            assert np.isfinite(found).all()


def test_a_line_keeps_its_shape(bare: Page, served: str) -> None:
    """Three digits next to each other, none of them stretched or sheared."""
    drawn = [[(x + 8 * place, y) for x, y in stroke]
             for place, digit in enumerate((1, 7, 2)) for stroke in DIGITS[digit]]  # fmt: skip
    found = np.array(bare.evaluate(CALL, [served, "line", drawn, 20]))
    assert found.shape == (8, 20)
    assert found.sum(1).min() > 0
    empty = np.flatnonzero(found.sum(0) == 0)
    assert len(empty) >= 2
    left, right = (side.sum() for side in np.array_split(found, 2, axis=1))
    assert 0.5 < left / right < 2


# What is shown


def test_mouse_draws(pad: Locator) -> None:
    by_mouse(pad, DIGITS[4])
    first, second = strokes(pad)
    for stroke, expected in zip((first, second), DIGITS[4], strict=True):
        assert stroke == [pytest.approx([5 + 2 * x, 5 + 2 * y], abs=0.3) for x, y in expected]
    expect(pad.locator("path")).to_have_count(2)
    expect(pad.get_by_text("draw here")).not_to_be_visible()
    pad.page.mouse.move(0, 0)  # the button is up
    assert strokes(pad) == [first, second]


def test_the_pen_stays_on_the_sheet(pad: Locator) -> None:
    by_mouse(pad, [[(3, 3), (100, -100), (-100, 100)]])
    assert strokes(pad)[0][1:] == [[32, 0], [0, 32]]


def test_keys_draw(pad: Locator) -> None:
    by_keys(pad, DIGITS[7])
    corners = [[10 + 2 * x, 6 + 2 * y] for x, y in DIGITS[7][0]]
    (stroke,) = strokes(pad)
    assert stroke[0] == corners[0]
    assert [point for point in corners if point in stroke] == corners
    status = pad.get_by_role("status")
    expect(status).to_have_text("Pen up, column 7, row 13.")
    before = pad.page.evaluate("scrollY")
    pad.page.keyboard.press("Space")
    expect(status).to_have_text("Pen down, column 7, row 13.")
    for _ in range(20):
        pad.page.keyboard.press("ArrowDown")
    expect(status).to_have_text("Pen down, column 7, row 15.")
    assert pad.page.evaluate("scrollY") == before
    expect(pad.locator(".cursor")).to_be_visible()


def test_sheet_says_what_it_is_and_how_keys_draw(pad: Locator) -> None:
    sheet = pad.get_by_role("application", name="Draw a digit")
    assert "space bar" in (sheet.get_attribute("aria-description") or "")


def test_finger_draws_and_does_not_scroll(browser: Browser, served: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    pad = placed(page, served)
    box = pad.get_by_role("application").bounding_box()
    assert box
    session = context.new_cdp_session(page)
    fingers = ([0.2], [0.5], [0.5, 0.9], [0.8, 0.9], [])  # another one comes, and is ignored
    for kind, shares in zip(("Start", "Move", "Start", "Move", "End"), fingers, strict=True):
        along = [share * box["width"] for share in shares]
        points = [{"x": box["x"] + way, "y": box["y"] + way, "id": k}
                  for k, way in enumerate(along)]  # fmt: skip
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    (stroke,) = strokes(pad)
    assert stroke[0] == pytest.approx([6.4, 6.4], abs=0.3)
    assert stroke[-1] == pytest.approx([25.6, 25.6], abs=0.3)
    assert page.evaluate("scrollY") == 0
    context.close()


def test_sample_and_clear(pad: Locator) -> None:
    by_mouse(pad, DIGITS[1])
    pad.get_by_role("button", name="Sample").click()
    assert strokes(pad) == []
    assert pad.page.evaluate("pad.pixels.length") == 8
    expect(pad.locator("rect")).to_have_count(64)
    by_mouse(pad, DIGITS[1])  # in place of the sample
    assert pad.page.evaluate("pad.pixels") is None
    expect(pad.locator("rect")).to_have_count(0)
    pad.get_by_role("button", name="Clear").click()
    assert strokes(pad) == []
    expect(pad.get_by_role("status")).to_have_text("The pad is empty.")
    expect(pad.get_by_text("draw here")).to_be_visible()
    before = pad.page.evaluate("changes")
    by_mouse(pad, DIGITS[0])
    strokes(pad)
    assert pad.page.evaluate("changes") > before


def test_a_pad_may_be_wider(context: BrowserContext, served: str) -> None:
    pad = placed(context.new_page(), served, 24, "zh")
    box = pad.get_by_role("application", name="手写").bounding_box()
    assert box
    assert box["width"] / box["height"] == pytest.approx(3, rel=0.02)
    by_mouse(pad, DIGITS[1], left=80)
    (stroke,) = strokes(pad)
    assert stroke[0] == pytest.approx([82, 9], abs=0.3)
    pad.get_by_role("button", name="样本").click()
    expect(pad.locator("rect")).to_have_count(8 * 24)
