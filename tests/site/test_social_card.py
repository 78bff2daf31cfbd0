"""The picture of link previews is what its module draws."""

import io

from matplotlib.image import imread

from tools.social_card import TARGET, render


def test_card_is_what_its_module_draws() -> None:
    drawn, committed = imread(io.BytesIO(render())), imread(TARGET)
    assert drawn.shape == committed.shape == (630, 1200, 4), "redraw: make update"
    # One grey level of 255: another build of the rasteriser may round the other way.
    assert abs(drawn - committed).max() <= 1.01 / 255, "redraw: make update"


def test_card_is_the_same_twice() -> None:
    assert render() == render()
