#!/usr/bin/env bash
# MkDocs 1.6.1: `mkdocs build --strict --quiet` ends with 0 although there are warnings.
# Expected: "--strict: Enable strict mode. This will cause MkDocs to abort the build on any warnings"
# (the option's help), whatever is printed.
# Seen: without --quiet a broken link aborts the build with 1; with it the build ends with 0, because
# the handler that counts warnings hangs at the logger whose level --quiet raises to ERROR.
# Source: mkdocs/commands/build.py (CountHandler) and mkdocs/__main__.py (quiet_option) of 1.6.1.
# Hurts: a check in CI that was only meant to be silent.  This project's plugin logs faults as errors.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check mkdocs==1.6.1
mkdir "$folder/docs"
cd "$folder"
printf '# Page\n\n[Nowhere](nowhere.md)\n' > docs/index.md
printf 'site_name: Strict\ntheme: mkdocs\n' > mkdocs.yml
ended() { venv/bin/python -m mkdocs build --strict "$@" > log 2>&1 && echo 0 || echo $?; }
loud=$(ended)
quiet=$(ended --quiet)
echo "a broken link: --strict ends with $loud, --strict --quiet with $quiet"
[ "$loud" -ne 0 ] && [ "$quiet" -eq 0 ] || { echo "this has changed"; exit 1; }
