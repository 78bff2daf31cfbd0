#!/usr/bin/env bash
# mkdocs-jupyter 0.26.3 with MkDocs 1.6.1: a dirty build throws away the kept results of every
# notebook that it did not have to build, so that the next whole build executes all of them again.
# Expected: `cache: true` keeps the result of a notebook that has not changed.
# Seen: after `mkdocs build --dirty`, which `mkdocs serve --dirty` does at each save, with only a
# Markdown page changed, the cache is empty ("Evicted stale cache").
# Source: mkdocs_jupyter/plugin.py, on_post_build: what was not used in this build is stale; a page
# that MkDocs skips as unmodified is not used.  No report found upstream.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check \
    mkdocs==1.6.1 mkdocs-jupyter==0.26.3 mkdocs-material==9.8.2 ipykernel==7.4.0
mkdir "$folder/docs"
cd "$folder"
printf '# Page\n' > docs/index.md
printf '# %%%%\nprint(1 + 1)\n' > docs/lab.py
cat > mkdocs.yml <<'YAML'
site_name: Cache
theme: mkdocs
plugins:
  - mkdocs-jupyter: {execute: true, cache: true, cache_dir: kept, include: ["lab.py"]}
YAML
build() { venv/bin/python -m mkdocs build -q "$@" > log 2>&1 || { cat log; exit 1; }; }
kept() { find kept -name '*.json' | wc -l; }
build
first=$(kept)
sleep 1.1
printf '# Page\n\nOne sentence more.\n' > docs/index.md
build --dirty
second=$(kept)
echo "kept results: $first after a whole build, $second after a dirty build that changed a page only"
[ "$first" -eq 1 ] && [ "$second" -eq 0 ] || { echo "this has changed"; exit 1; }
