"""A figure as a PNG, for notebooks: drawn once, and kept in `.cache/` until its code changes."""

import hashlib
import io
from functools import cache
from importlib.metadata import version
from pathlib import Path

from PIL import Image

from tools.kept import replace
from tools.site import ROOT

CACHE = ROOT / ".cache" / "pictures"


@cache
def figure_png(name: str) -> tuple[bytes, int]:
    """Draw a figure, on paper whatever the notebook's theme, twice as large as it will be shown.

    Returns the picture and the width to show it at.
    """
    stored = CACHE / f"{name}-{_key()[:16]}.png"
    if not stored.is_file():
        from tools.drawing import drawn_png  # with torch and matplotlib, which take seconds

        replace(stored, drawn_png(name))
    picture = stored.read_bytes()
    return picture, Image.open(io.BytesIO(picture)).width // 2


@cache
def _key() -> str:
    """Hash all that a picture comes from: the figures, what they draw from, what draws them."""
    sources = [Path(__file__).with_name(f"{name}.py") for name in ("drawing", "palette")]
    for folder in ("tools/figures", "rnn_tutorial"):
        sources += sorted(ROOT.glob(f"{folder}/*.py"))
    versions = "".join(version(package) for package in ("matplotlib", "pillow", "torch"))
    digest = hashlib.sha256(versions.encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()
