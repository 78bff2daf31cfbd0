"""Cut KaTeX's fonts down to the characters that the course's formulas need.

    pip install brotli
    npm pack katex@0.19.1 && tar xf katex-0.19.1.tgz
    python -m docs._build.katex_fonts package/dist/fonts

A formula with another character fails tests/test_formulas.py: add it here and run this again.
"""

import string
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font

VENDORED = Path(__file__).parents[1] / "assets" / "vendor" / "katex" / "fonts"
LATIN = string.ascii_letters + string.digits + " !%&'()+,-./:;<=>[]|"
GREEK = "αβγδεζηθλμνπρσστφψωϵΔΣΩ"
SIGNS = "\u200b\xa0·×±¬′…⋯⋮⋱ℓℝ∂∇∏∑∫√∞∀∃∈∉∅∪∩⊂⊆∣∥∘∗⋅⊙⊕⊗⊤⊥−∓=≠≈≡∼≤≥≪≫≲≳∝→←↔↦⇒⇔⌊⌋⌈⌉⟨⟩"
OWN = "".join(map(chr, range(0xE000, 0xE100)))  # KaTeX's own, such as the stroke of \ne
CHARACTERS = LATIN + GREEK + SIGNS + OWN


def cut(source: Path, target: Path) -> None:
    """Write a font with those of its glyphs that stand for one of CHARACTERS."""
    options = Options(flavor="woff2", hinting=False, layout_features=["*"])
    font = load_font(str(source), options)
    subsetter = Subsetter(options)
    subsetter.populate(text=CHARACTERS)
    subsetter.subset(font)
    save_font(font, str(target), options)


if __name__ == "__main__":
    for path in sorted(Path(sys.argv[1]).glob("*.woff2")):
        cut(path, VENDORED / path.name)
