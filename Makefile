# `make serve` shows the site, `make test` and `make test-browser` check it; `make help` lists the rest.

PYTHON ?= python3
# TORCH=2.15.0, or TORCH=nightly: another PyTorch, in an environment of its own; .venv stays as it is.
TORCH ?=
VENV := $(if $(TORCH),.cache/torch-$(TORCH),.venv)
# Windows keeps a venv's programs elsewhere (Git Bash and MSYS2 have make).
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
INSTALLED := $(VENV)/.installed
# Pinned are all packages, or, with another PyTorch, all but PyTorch and what it brings in.
PINS := $(if $(TORCH),$(VENV)/constraints.txt,constraints.txt)
# A version that ends in .dev0 lets pip take a nightly build, where the index has one.
PYTORCH := $(if $(TORCH),'torch$(if $(filter nightly,$(TORCH)),>=0.dev0,==$(TORCH))')

.DEFAULT_GOAL := help
# The theme prints a notice of its successor at every start.
export NO_MKDOCS_2_WARNING := 1
EDITION ?= en

.PHONY: help serve chapter page test test-browser site pictures site-en site-zh update format clean

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

# Only the page that is saved is built anew, and after a change of tools/ or rnn_tutorial/ none is: start again.
# The Chinese edition: make serve EDITION=zh.
serve: $(INSTALLED)  ## serve the site, and build a page anew when it is saved
	$(BIN)/python -m mkdocs serve --no-strict --dirty -f $(if $(filter en,$(EDITION)),mkdocs.yml,mkdocs.$(EDITION).yml)

chapter: $(INSTALLED)  ## lay out a chapter: make chapter NAME=learning/zoneout TITLE="Zoneout"
	@$(BIN)/python -m tools.author.chapter "$(NAME)" "$(TITLE)"

page: $(INSTALLED)  ## fill a page in, check all about it: make page P=docs/en/learning/zoneout.md
	@$(BIN)/python -m tools.author.page "$(P)"

# Pages and package hold on every PyTorch that is supported; figures, notebooks and the site need the pinned one.
test: $(INSTALLED)  ## run every check that needs no browser; TORCH=2.15.0: package and pages on that PyTorch
	$(BIN)/python -m pytest -m "not browser" $(if $(TORCH),docs rnn_tutorial tests/package)

test-browser: $(INSTALLED)  ## look at every page in Chromium or Chrome, and use the widgets there
	$(BIN)/python -m pytest -m browser tests/site tests/widgets

# Both editions at once, and the pictures that both need. MkDocs empties the folder that it builds into, so the
# editions meet when both are there.
site: $(INSTALLED)  ## build the site into site/, and stop at the first warning
	$(MAKE) --no-print-directory -j3 pictures site-en site-zh
	mv .cache/zh site/zh

pictures:
	$(BIN)/python -m tools.pictures

site-en:
	$(BIN)/python -m mkdocs build --strict

site-zh:
	$(BIN)/python -m mkdocs build --strict -f mkdocs.zh.yml -d .cache/zh

update: $(INSTALLED)  ## redraw figures, rewrite widget data, outputs and verified values; review the diff
	$(BIN)/python -m tools.figures
	$(BIN)/python -m tools.widgets
	$(BIN)/python -m claimdown --update

format: $(INSTALLED)  ## format the Python files and fix what ruff can fix
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:  ## remove everything that these commands made, .venv included
	rm -rf $(VENV) .cache site .hypothesis .mypy_cache .pytest_cache .ruff_cache .rumdl_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is older than one of these files: install again.
$(INSTALLED): pyproject.toml claimdown/pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		found=$$($(PYTHON) --version 2>&1) || found='not there'; \
		echo "This needs Python 3.11 or newer, but \"$(PYTHON)\" is $$found." \
		'Name one: make PYTHON=python3.13' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(if $(TORCH),sed -n '/^# From here on PyTorch/q;p' constraints.txt > $(PINS))
	$(BIN)/python -m pip install --disable-pip-version-check -c $(PINS) $(PYTORCH) -e ./claimdown -e '.[docs,test]' || { \
		[ -z '$(TORCH)' ] || echo 'TORCH=$(TORCH) could not be installed; pip says above why.' \
		'docs/en/look-up/which-pytorch.md lists the releases of PyTorch that this course supports.' >&2; \
		exit 1; }
	@# sktime says that it needs an older Python than 3.15; a lab reads one of its files, and does not import it.
	$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 15))' || exit 0; \
		$(BIN)/python -m pip install --disable-pip-version-check -c $(PINS) --no-deps --ignore-requires-python sktime
	@touch $@
