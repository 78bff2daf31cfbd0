"""Digits as strokes on a grid, 6 wide and 10 high, and what draws them on a pad."""

from playwright.sync_api import Locator

Stroke = list[tuple[float, float]]
DIGITS: dict[int, list[Stroke]] = {
    0: [[(3, 0), (1, 1), (0, 3), (0, 7), (1, 9), (3, 10), (5, 9), (6, 7), (6, 3), (5, 1), (3, 0)]],
    1: [[(1, 2), (3, 0), (3, 10)]],
    2: [[(0, 2), (1, 0), (4, 0), (6, 2), (5, 5), (0, 10), (6, 10)]],
    3: [[(0, 1), (3, 0), (5, 2), (3, 5), (6, 7), (4, 10), (0, 9)]],
    4: [[(4, 0), (0, 6), (6, 6)], [(4, 3), (4, 10)]],
    5: [[(6, 0), (1, 0), (0, 4), (4, 4), (6, 7), (4, 10), (0, 9)]],
    6: [[(5, 0), (1, 4), (0, 8), (3, 10), (6, 8), (4, 5), (1, 6)]],
    7: [[(0, 0), (6, 0), (3, 5), (2, 10)]],
    8: [[(3, 5), (1, 2), (3, 0), (5, 2), (3, 5), (0, 8), (3, 10), (6, 8), (3, 5)]],
    9: [[(6, 2), (3, 0), (0, 2), (2, 5), (5, 4), (6, 2), (5, 10)]],
}


def by_mouse(pad: Locator, strokes: list[Stroke], left: float = 5, unit: float = 2) -> None:
    """Draw as large as `unit` says, in 32nds of the sheet's height."""
    sheet = pad.get_by_role("application").bounding_box()
    assert sheet
    scale = (sheet["height"] - 2) / 32  # within a border of 1 px
    x_0, y_0 = sheet["x"] + 1 + scale * left, sheet["y"] + 1 + scale * 5
    mouse = pad.page.mouse
    for stroke in strokes:
        for number, (x, y) in enumerate(stroke):
            mouse.move(x_0 + scale * unit * x, y_0 + scale * unit * y)
            if number == 0:
                mouse.down()
        mouse.up()


def by_keys(pad: Locator, strokes: list[Stroke]) -> None:
    """Draw around the middle of the sheet, where the cursor of a new pad is."""
    pad.get_by_role("application").focus()
    keyboard = pad.page.keyboard
    at = (3.0, 5.0)
    for stroke in strokes:
        for number, (x, y) in enumerate(stroke):
            for _ in range(round(abs(y - at[1]))):
                keyboard.press("ArrowDown" if y > at[1] else "ArrowUp")
            for _ in range(round(abs(x - at[0]))):
                keyboard.press("ArrowRight" if x > at[0] else "ArrowLeft")
            at = (x, y)
            if number == 0:
                keyboard.press("Space")
        keyboard.press("Space")
