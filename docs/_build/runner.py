"""Execute a chapter and check it, one item at a time, in page order, in one namespace."""

import ast
import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from docs._build.chapter import Chapter, Code, Fence, Item, Output, Problem, Shown, Skipped, Value
from docs._build.comparison import same_output, same_value, shown_like


class ClaimError(AssertionError):
    """A page claims something that its code does not bear out; the text says what."""


@dataclass(frozen=True)
class Edit:
    """Replace the characters from `start` to `end` of a chapter's file."""

    start: int
    end: int
    text: str


@dataclass
class Tally:
    """What was checked, as (page, line) pairs, so that everything can be named."""

    executed: list[tuple[Path, int]] = field(default_factory=list)
    compared: list[tuple[Path, int]] = field(default_factory=list)
    verified: list[tuple[Path, int]] = field(default_factory=list)
    skipped: list[tuple[Path, int]] = field(default_factory=list)
    shown: list[tuple[Path, int]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for name, places in vars(other).items():
            getattr(self, name).extend(places)


class ChapterRun:
    """The state of one chapter while it is checked."""

    def __init__(
        self, chapter: Chapter, namespace: dict[str, Any] | None = None, update: bool = False
    ) -> None:
        self.chapter = chapter
        self.namespace = {} if namespace is None else namespace
        self.namespace["__name__"] = "__main__"  # as in a notebook
        self.update = update
        self.tally = Tally()
        self.edits: list[Edit] = []
        self.printed: dict[int, str] = {}  # by the line of the code
        self.failed: dict[str, int] = {}  # names that a failed block should have defined
        fences = [item for item in chapter.items if isinstance(item, Fence | Problem)]
        self.behind = {fence.line: later for fence, later in pairwise(fences)}
        self.code_of = {later.line: fence.line for fence, later in pairwise(fences)}

    def check(self, item: Item) -> None:
        """Check one item; raise `ClaimError`, or whatever its code raises, if it does not hold."""
        checks: dict[type, Callable[[Any], None]] = {
            Code: self.execute,
            Output: self.compare,
            Value: self.verify,
            Problem: self.refuse,
            Skipped: lambda block: self.count(self.tally.skipped, block),
            Shown: lambda block: self.count(self.tally.shown, block),
        }
        checks[type(item)](item)

    def count(self, places: list[tuple[Path, int]], item: Item) -> None:
        places.append((self.chapter.path, item.line))

    def refuse(self, problem: Problem) -> None:
        raise ClaimError(problem.message)

    def execute(self, block: Code) -> None:
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                for statement in compiled(block, self.chapter.path):
                    exec(statement, self.namespace)
        except BaseException as error:
            self.explain(error, block)
            raise
        self.printed[block.line] = printed = out.getvalue()
        if printed and not isinstance(self.behind.get(block.line), Output):
            self.demand_output(block, printed)
        self.count(self.tally.executed, block)

    def explain(self, error: BaseException, block: Code) -> None:
        """Remember what a failed block leaves undefined; say so where that is the reason."""
        with contextlib.suppress(SyntaxError):
            for name in assigned_names(ast.parse(block.code)) - self.namespace.keys():
                self.failed[name] = block.line
        if isinstance(error, NameError) and error.name in self.failed:
            cause = self.failed[error.name]
            if cause != block.line:
                message = f"{error.name} is missing, because the block at line {cause} failed"
                raise ClaimError(message) from None

    def demand_output(self, block: Code, printed: str) -> None:
        if not self.update:
            raise ClaimError(f"the code prints, and no output fence is behind it:\n{printed}")
        lines = ["", '```text title="Output"', *printed.rstrip("\n").split("\n"), "```"]
        text = "".join((block.prefix + line).rstrip() + "\n" for line in lines)
        self.edits.append(Edit(block.end, block.end, text))

    def compare(self, output: Output) -> None:
        code_line = self.code_of[output.line]
        if code_line not in self.printed:
            raise ClaimError(f"not compared, because the block at line {code_line} failed")
        expected, actual = output.code.rstrip("\n"), self.printed[code_line].rstrip("\n")
        if not same_output(expected, actual):
            if not self.update:
                missing = "" if actual else "\n(the code printed nothing)"
                raise ClaimError(
                    f"the output differs.\nExpected:\n{expected}\nActual:\n{actual}{missing}"
                )
            lines = actual.split("\n") if actual else []
            text = "".join((output.prefix + line).rstrip() + "\n" for line in lines)
            self.edits.append(Edit(output.body_start, output.body_end, text))
        self.count(self.tally.compared, output)

    def verify(self, value: Value) -> None:
        if not value.expression:
            raise ClaimError(f'`{value.text}` has no expression: write {{ .verified expr="..." }}')
        try:
            actual = eval(compile(value.expression, "<expr>", "eval"), self.namespace)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            if isinstance(error, NameError) and error.name in self.failed:
                cause = self.failed[error.name]
                reason = f"NameError: the block at line {cause} failed to define {error.name}"
            raise ClaimError(f"`{value.text}`: {value.expression} raises {reason}") from None
        if not same_value(value.text, actual):
            if not self.update:
                raise ClaimError(
                    f"the value differs.\nExpression: {value.expression}\n"
                    f"Expected: {value.text}\nActual:   {actual}"
                )
            self.edits.append(
                Edit(value.text_start, value.text_end, shown_like(value.text, actual))
            )
        self.count(self.tally.verified, value)


def compiled(block: Code, page: Path) -> list[Any]:
    """Compile a block, a statement at a time, each under the file and line it was written in."""
    try:
        tree = ast.parse(block.code)
    except SyntaxError as error:
        origin = block.origins[min((error.lineno or 1), len(block.origins)) - 1]
        raise ClaimError(
            f"line {origin.page_line + 1}: not valid Python: {error.msg}: "
            f"{(error.text or '').strip()}"
        ) from None
    statements = []
    for statement in tree.body:
        origin = block.origins[statement.lineno - 1]
        file: str | Path = origin.file or page
        line = origin.file_line if origin.file else origin.page_line + 1
        ast.increment_lineno(statement, line - statement.lineno)
        module = ast.Module([statement], type_ignores=[])
        statements.append(compile(module, str(file), "exec", dont_inherit=True))
    return statements


def assigned_names(tree: ast.Module) -> set[str]:
    """List the names that a module binds: definitions, assignments and imports."""
    names = {node.id for node in ast.walk(tree)
             if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
    return names


@dataclass
class Report:
    """The result of a whole chapter: counts, printed texts by line of code, and failures."""

    tally: Tally
    printed: dict[int, str]
    failures: list[tuple[Item, BaseException]]


def run_chapter(chapter: Chapter) -> Report:
    """Check a chapter from top to bottom; go on after a failure."""
    run = ChapterRun(chapter)
    failures: list[tuple[Item, BaseException]] = []
    for item in chapter.items:
        try:
            run.check(item)
        except Exception as error:  # a chapter's code may raise anything; it is reported by name
            failures.append((item, error))
    return Report(run.tally, run.printed, failures)
