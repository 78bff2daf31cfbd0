"""The figures of the course, each drawn by a module of this package from tensors it computes.

`python -m tools.figures` redraws all of them, `… linear_over_time` one. The module
`linear_over_time` becomes `docs/assets/figures/linear-over-time.svg`.
"""

import importlib
from pathlib import Path
from types import ModuleType

SHARED = {"drawing", "labels", "palette", "quoted", "style", "tidy"}
TARGET = Path(__file__).parents[2] / "docs" / "assets" / "figures"


def names() -> list[str]:
    """List the figures: the modules other than those that they share."""
    files = {path.stem for path in Path(__file__).parent.glob("*.py")}
    return sorted(files - {"__init__", "__main__"} - SHARED)


def module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")


def target(name: str) -> Path:
    return TARGET / f"{name.replace('_', '-')}.svg"
