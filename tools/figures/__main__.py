"""Redraw the figures that are named, or all of them."""

import sys

from tools.figures import names, target
from tools.figures.drawing import drawn_svg

for name in [argument.replace("-", "_") for argument in sys.argv[1:]] or names():
    target(name).parent.mkdir(exist_ok=True)
    target(name).write_text(drawn_svg(name), encoding="utf-8", newline="\n")
    print(target(name).name)
