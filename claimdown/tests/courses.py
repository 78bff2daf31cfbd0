"""A small course in a folder of its own, for the tests."""

from pathlib import Path
from textwrap import dedent

GERMAN = {
    "output": "Ausgabe",
    "claim": "Behauptung: ",
    "equal": " (genau)",
    "within_rounding": " (bis auf Rundung)",
    "not_run": "Nicht ausgeführt: ",
    "solution": "Lösung",
    "legend": "Berechnet.",
    "verified": "Berechnet: {expression}",
    "counts": '<a href="{link}">Berechnet</a>: {found}.',
    "value": ["Wert", "Werte"],
    "output_noun": ["Ausgabe", "Ausgaben"],
    "claim_noun": ["Behauptung", "Behauptungen"],
    "comma": ", ",
    "columns": ["Seite", "Blöcke", "Ausgaben", "Werte", "Behauptungen", "Nicht", "Gezeigt"],
    "all_pages": "Alle Seiten",
    "summary": ["Blöcke", "Ausgaben", "Werte", "Behauptungen", "nicht ausgeführt"],
    "notebook": "Notebook herunterladen",
    "notebook_of": ["Die Seite [{title}]({link})."],
    "requires": "Nötig: {packages}.",
    "on_the_page": "[Auf der Seite]({link}).",
    "run_again": "Seiten noch einmal in {name}",
}
EDITIONS = """
[tool.claimdown.editions.en]
folder = "docs"
"""
TWO_EDITIONS = f"""{EDITIONS}
[tool.claimdown.editions.de]
folder = "docs/de"
original = "en"

[tool.claimdown.editions.de.words]
{chr(10).join(f"{name} = {value!r}" for name, value in GERMAN.items())}
"""
PAGE = """\
# Sums { #sums }

```python
total = sum([12, 30])
print(total)
```

```text title="Output"
42
```

The sum is `42`{ .verified expr="total" }.

??? check "Claim: `sum` adds *two* numbers (equal)"

    ```python
    assert total == 12 + 30
    ```

```bash
ls
```
"""


def course(root: Path, pages: dict[str, str], editions: str = EDITIONS) -> Path:
    """Write a course's configuration and its pages; return its folder."""
    for name in {"docs/index.md", *pages}:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(dedent(pages.get(name, "# Home { #home }\n")), encoding="utf-8")
    (root / "pyproject.toml").write_text(editions, encoding="utf-8")
    return root
