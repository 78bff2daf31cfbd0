"""The numbers behind the widgets, each file computed by a module of this package with torch.

`python -m tools.widgets` writes all of them, `… step_player` one. The module `step_player`
becomes `docs/assets/widgets/step-player.json`.
"""

import importlib
import json
from pathlib import Path
from types import ModuleType

TARGET = Path(__file__).parents[2] / "docs" / "assets" / "widgets"


def names() -> list[str]:
    """List the widgets that have numbers: the modules of this package."""
    files = {path.stem for path in Path(__file__).parent.glob("*.py")}
    return sorted(name for name in files if not name.startswith("__"))


def module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")


def target(name: str) -> Path:
    return TARGET / f"{name.replace('_', '-')}.json"


def render(name: str) -> str:
    """Compute one widget's numbers and return them as the text of its file."""
    return json.dumps(module(name).data(), separators=(",", ":")) + "\n"
