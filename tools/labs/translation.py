"""Compare a translated lab with its original, each as the page that it becomes.

`python -m tools.labs.translation` compares all labs; with `--translated` it first writes the
originals' present fingerprints into the translations.
"""

import re
import sys
from pathlib import Path

from claimdown.config import config_for
from claimdown.page import Page
from claimdown.reader import read
from claimdown.translation import differences, marked, stale
from tools.site import ROOT, english, labs

END = "# ---\n"


def lab_as_page(script: str) -> str:
    """Write a lab's cells as the Markdown that they become, line for line.

    A cell of text begins as `<div [markdown]>`, one of code as a fence, with the cell's options.
    """
    head, cells = _parts(script)
    page, kind = [], ""
    for line in cells.split("\n"):
        if line.startswith("# %%"):
            if kind == "code":
                if page[-1].strip():
                    raise ValueError(f"expected a blank line before {line!r}, got {page[-1]!r}")
                page[-1] = "```"
            kind = "text" if "[markdown]" in line else "code"
            page.append(f"<div{line[4:]}>" if kind == "text" else f"```python{line[4:]}")
        else:
            page.append(re.sub("^# ?", "", line) if kind == "text" else line)
    return head + "\n".join([*page, "```"] if kind == "code" else page)


def _parts(script: str) -> tuple[str, str]:
    """Return a lab's front matter, without its comment marks, and the rest."""
    head, end, cells = script.removeprefix(END).partition(END)
    if not script.startswith(END) or not end:
        raise ValueError(f"a lab begins with its front matter, {END.strip()} to {END.strip()}")
    return re.sub("(?m)^# ?", "", f"{END}{head}{END}"), cells


def read_lab(lab: Path, script: str | None = None) -> Page:
    return read(lab, lab_as_page(script or lab.read_text(encoding="utf-8")))


def compared(lab: Path, script: str | None = None) -> list[str]:
    """Say in what a lab differs from its original, and what has changed there since."""
    ours, theirs = read_lab(lab, script), read_lab(english(lab))
    cure = "python -m claimdown --translated \\S+"
    mark = "python -m tools.labs.translation --translated"
    return [re.sub(cure, mark, line) for line in differences(ours, theirs) + stale(ours, theirs)]


def marked_lab(lab: Path) -> str:
    """Return a lab with the present fingerprints of its original."""
    head, cells = _parts(lab.read_text(encoding="utf-8"))
    head = marked(head, read_lab(english(lab)))
    return re.sub("(?m)^(?=.)", "# ", head) + cells


def translated_labs() -> list[Path]:
    editions = config_for(ROOT).editions
    names = [name for name, edition in editions.items() if edition.original]
    return sorted(lab for name in names for lab in labs(name))


def main() -> None:
    for lab in translated_labs():
        if "--translated" in sys.argv:
            lab.write_text(marked_lab(lab), encoding="utf-8", newline="\n")
        print("\n".join(compared(lab)) or f"{lab.relative_to(ROOT)}: the same")


if __name__ == "__main__":
    main()
