"""Cut the fonts that the course's formulas need out of KaTeX's, with the characters that they need.

    pip install brotli
    npm pack katex@0.19.1 && tar xf katex-0.19.1.tgz
    python -m tools.katex_fonts package/dist/fonts

A formula with another sign fails tests/course/test_formulas.py: add it below and run this again.
One in another font fails tests/site/test_every_page.py: add that in mkdocs.yml, too.
"""

import string
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font

VENDORED = Path(__file__).parents[1] / "docs" / "assets" / "vendor" / "katex" / "fonts"
SMALL = string.ascii_lowercase
# Every first visit waits for the first two fonts, and each sign weighs some hundred bytes.
CHARACTERS = {
    "Main-Regular": SMALL + string.digits + " '()+,-./:;<=>[]|\u200b\xa0×±…′ℓ∂∣∥−∼≈≤≥⊙⊤⋅"
    "\ue020",  # the stroke of \ne
    "Math-Italic": SMALL + "ABCDEGHKLNPTVWXδεηθρσ",
    "Size1-Regular": "()[]∏∑",
    "Size2-Regular": "()[]∏∑",
    "Size3-Regular": "()[]",
    "Size4-Regular": "()[]",
}


def cut(source: Path, target: Path, characters: str) -> None:
    """Write a font with those of its glyphs that stand for one of the characters."""
    options = Options(flavor="woff2", hinting=False, layout_features=["*"])
    font = load_font(str(source), options)
    subsetter = Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    save_font(font, str(target), options)


if __name__ == "__main__":
    for font, characters in CHARACTERS.items():
        name = f"KaTeX_{font}.woff2"
        cut(Path(sys.argv[1], name), VENDORED / name, characters)
