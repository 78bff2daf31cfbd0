"""Compute the numbers of the widgets that are named, or of all."""

import sys

from tools.widgets import names, render, target

for name in [argument.replace("-", "_") for argument in sys.argv[1:]] or names():
    target(name).write_text(render(name), encoding="utf-8", newline="\n")
    print(target(name).name)
