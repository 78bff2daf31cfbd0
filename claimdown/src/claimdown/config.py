"""`[tool.claimdown]` of pyproject.toml: what a course tells the engine, each entry with a default.

Every message about a wrong entry names it, what was expected and what came.
"""

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard

SHOWN = ("bash", "powershell", "toml", "yaml", "markdown", "html", "json", "bibtex")
HTML = ("abbr", "br", "div", "figcaption", "figure", "kbd", "span", "sub", "sup")
DAY = 86_400.0  # seconds, the longest time that a page may take


class ConfigError(ValueError):
    """A wrong entry in the configuration; the text names file, entry, expected and found."""


@dataclass(frozen=True)
class Words:
    """What a page of one language says for the engine to know a thing, and what it is told back."""

    output: str = "Output"  # the title of an output fence
    claim: str = "Claim: "  # how a claim's title begins
    equal: str = " (equal)"  # how it ends if it holds exactly,
    within_rounding: str = " (within rounding)"  # or not quite
    not_run: str = "Not run: "  # how the title of a skipped block begins
    solution: str = "Solution"  # how the title of a solution, a folded green box, begins
    # What the site writes.
    legend: str = (
        "The build computed this value. Point at the mark, tap it or tab to it, and you see how."
    )
    verified: str = "Verified: {expression}"  # the accessible name of a mark
    counts: str = '<a href="{link}">Computed and compared</a> on this page: {found}.'
    value: tuple[str, ...] = ("value", "values")  # one, and several
    output_noun: tuple[str, ...] = ("output", "outputs")
    claim_noun: tuple[str, ...] = ("claim", "claims")
    comma: str = ", "
    columns: tuple[str, ...] = (
        "Page", "Blocks executed", "Outputs compared", "Values verified", "Claims asserted",
        "Skipped", "Shown only",
    )  # fmt: skip
    all_pages: str = "All pages"
    summary: tuple[str, ...] = (
        "code blocks executed", "outputs compared", "values verified", "claims asserted", "skipped",
    )  # fmt: skip
    notebook: str = "Download notebook"
    # The note below a notebook's title, with {title}, {link} and {course}.
    notebook_of: tuple[str, ...] = (
        "This notebook is the page [{title}]({link}) of *{course}*.",
        "The outputs are those of the site; run the cells from top to bottom to get your own.",
    )
    requires: str = "It needs: `pip install {packages}`."  # in that note, if something is required
    on_the_page: str = "[On the page]({link}) you can change this."
    run_again: str = "pages run again in {name}"  # in the sums, below `summary`


@dataclass(frozen=True)
class Edition:
    """The pages of one language."""

    folder: str = "docs"
    original: str = ""  # the edition that this one is a translation of
    script: str = ""  # a Unicode script such as "CJK", if it is not Latin: English is noticed
    site_name: str = ""
    site_url: str = ""
    words: Words = field(default_factory=Words)


@dataclass(frozen=True)
class Config:
    """The whole configuration of a course."""

    root: Path  # the folder of pyproject.toml
    editions: dict[str, Edition]
    preload: tuple[str, ...] = ()  # modules imported once, before any page runs
    environment: dict[str, str] = field(default_factory=dict)  # variables, unless they are set
    again: dict[str, str] = field(default_factory=dict)  # what precedes another run, by its name
    distributions: tuple[str, ...] = ()  # whose versions a page's results depend on
    requires: tuple[str, ...] = ()  # what every notebook says to install; a page may add to it
    timeout: float = 60.0  # seconds a page; its front matter may say otherwise
    shown: tuple[str, ...] = SHOWN  # languages of fences that only show something
    html: tuple[str, ...] = HTML  # raw HTML tags that cannot look like code
    page_suffixes: tuple[str, ...] = (".md",)  # of files that the site shows as pages
    heading_ids: bool = True  # every heading ends in `{ #id }`
    front_matter: tuple[str, ...] = ()  # keys that every page has
    cache: str = ".cache/claimdown"
    author: str = ""  # of the notebooks
    licence: str = ""

    def edition_of(self, path: Path) -> str:
        """Name the edition whose folder holds a page, the deepest one; else the first."""
        holding = [
            name
            for name, edition in self.editions.items()
            if path.is_relative_to(self.root / edition.folder)
        ]
        deepest = max(holding, key=lambda name: len(self.editions[name].folder), default=None)
        return deepest or next(iter(self.editions))

    def words(self, edition: str) -> Words:
        return self.editions[edition].words

    def name_of(self, path: Path) -> str:
        """Name a file from the root of the course."""
        return path.relative_to(self.root).as_posix()

    def folder(self, edition: str) -> Path:
        return self.root / self.editions[edition].folder

    def pages(self, edition: str | None = None) -> list[Path]:
        """List the Markdown pages of an edition, or of all."""
        names = [edition] if edition else list(self.editions)
        found = {page for name in names for page in self.folder(name).rglob("*.md")}
        return sorted(page for page in found if self.edition_of(page) in names)

    def original_of(self, path: Path) -> Path | None:
        """Name the page that another one is the translation of, None for an original."""
        edition = self.editions[self.edition_of(path)]
        if not edition.original:
            return None
        return self.folder(edition.original) / path.relative_to(self.root / edition.folder)


def config_for(path: Path) -> Config:
    """Read the configuration of the project that a page or a folder belongs to.

    Raises:
        ConfigError: names the wrong entry.
    """
    start = path.resolve()
    for folder in [start, *start.parents]:
        file = folder / "pyproject.toml"
        if file.is_file():
            return _load(file, file.stat().st_mtime_ns)
    return Config(root=start if start.is_dir() else start.parent, editions={"en": Edition()})


@cache
def _load(file: Path, _: int) -> Config:
    try:
        whole = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: {error}") from None
    return parse(whole.get("tool", {}).get("claimdown", {}), file)


def parse(table: dict[str, Any], file: Path) -> Config:
    """Build the configuration from the table `[tool.claimdown]` of a file."""
    where, root = f"{file}: [tool.claimdown", file.parent.resolve()
    table = dict(table)
    tables = table.pop("editions", {"en": {}})
    if not isinstance(tables, dict) or not tables:
        raise _wrong(f"{where}] editions", "one table per language", tables)
    editions = {name: _edition(name, entry, where) for name, entry in tables.items()}
    for name, edition in editions.items():
        if edition.original and edition.original not in editions:
            expected = f"one of {', '.join(editions)}"
            raise _wrong(f"{where}] editions.{name}.original", expected, edition.original)
        if not (root / edition.folder).is_dir():
            raise _wrong(f"{where}] editions.{name}.folder", "a folder", edition.folder)
    config = Config(root=root, editions=editions, **_checked(Config, table, f"{where}]"))
    for name, code in config.again.items():
        try:
            compile(code, name, "exec")
        except (SyntaxError, ValueError):
            raise _wrong(f"{where}] again.{name}", "Python to run before a page", code) from None
    return config


def _edition(name: str, table: Any, where: str) -> Edition:
    where = f"{where}.editions.{name}]"
    if not isinstance(table, dict):
        raise _wrong(where, "a table", table)
    table = dict(table)
    words = table.pop("words", {})
    if not isinstance(words, dict):
        raise _wrong(f"{where} words", "a table", words)
    values = _checked(Words, words, f"{where} words")
    missing = [field.name for field in fields(Words) if field.name not in values]
    if name != "en" and missing:  # the defaults are English
        raise ConfigError(f"{where} words: add {', '.join(missing)} in this language")
    return Edition(**_checked(Edition, table, where), words=Words(**values))


def _checked(kind: type, table: dict[str, Any], where: str) -> dict[str, Any]:
    """Check a table's entries against the fields of a data class."""
    types = {field.name: field.type for field in fields(kind) if field.type in ENTRIES}
    found = {}
    for name, value in table.items():
        if name not in types:
            known = ", ".join(sorted(types))
            raise ConfigError(f"{where} {name}: no such entry; there are {known}")
        expected, fits = ENTRIES[types[name]]
        if not fits(value):
            raise _wrong(f"{where} {name}", expected, value)
        found[name] = tuple(value) if isinstance(value, list) else value
    return found


def _wrong(where: str, expected: str, found: object) -> ConfigError:
    return ConfigError(f"{where}: expected {expected}, got {found!r}")


def is_time(value: Any) -> TypeGuard[float]:
    """Whether something is a number of seconds that a page may take."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 < value <= DAY


def is_list(value: Any) -> TypeGuard[list[str]]:
    """Whether something is a list of names."""
    return isinstance(value, list) and _are_strings(value)


def _are_strings(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


# By the type of a field: what is expected in its place, and whether a value is that.
ENTRIES: dict[Any, tuple[str, Callable[[Any], bool]]] = {
    str: ("a string", lambda value: isinstance(value, str)),
    bool: ("true or false", lambda value: isinstance(value, bool)),
    float: (f"a number above 0, at most {DAY:g}", is_time),
    tuple[str, ...]: ("a list of strings", is_list),
    dict[str, str]: (
        "a table of strings", lambda value: isinstance(value, dict) and _are_strings(value.values())
    ),
}  # fmt: skip
