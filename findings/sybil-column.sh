#!/usr/bin/env bash
# Sybil 10.1.0: the column of a second example on a line is counted from the start of the document.
# Expected: columns 1 and 5 of line 3, as Document.line_column says of the same places.
# Seen: column 1, then 18.  Document.examples() looks for the line's start only after the example
# before; where there is none, str.rfind returns -1, and the column is the offset plus 1.
# Source: sybil/document.py, Document.examples, of the installed release; no report found upstream.
# Hurts: pytest's "line N, column M" of the second value on a line.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check sybil==10.1.0
"$folder/venv/bin/python" - <<'PY'
import re
from importlib.metadata import version

from sybil import Document, Region

document = Document("one line\ntwo\nabc abc\n", "page.md")
for found in re.finditer("abc", document.text):
    document.add(Region(found.start(), found.end(), found[0], lambda example: None))
seen = [(example.line, example.column) for example in document.examples()]
places = [document.line_column(region.start) for _, region in document.regions]
print(f"sybil {version('sybil')}: examples at {seen}; line_column says {places}")
assert seen == [(3, 1), (3, 18)], "this has changed"
PY
