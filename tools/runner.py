"""Execute a chapter and check it, one item at a time, in page order, in one namespace."""

import ast
import contextlib
import difflib
import io
import re
import traceback
import unittest
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from tools.chapter import Chapter, Code, Fence, Item, Output, Problem, Shown, Skipped, Value
from tools.comparison import as_shown, same_output, same_value, shown_like

LONGEST = 30  # lines of an output that are quoted in a message


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

    def count(self, page: Path, item: Item) -> None:
        kinds = {
            Code: self.executed,
            Output: self.compared,
            Value: self.verified,
            Skipped: self.skipped,
            Shown: self.shown,
        }
        if type(item) in kinds:
            kinds[type(item)].append((page, item.line))

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
        }
        if type(item) in checks:  # the rest is counted, and that is all
            checks[type(item)](item)
        self.tally.count(self.chapter.path, item)

    def refuse(self, problem: Problem) -> None:
        raise ClaimError(problem.message)

    def execute(self, block: Code) -> None:
        out, err = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                for statement in compiled(block, self.chapter.path):
                    exec(statement, self.namespace)
        except KeyboardInterrupt:  # the person at the keyboard, most likely: stop everything
            raise
        except BaseException as error:
            self.explain(error, block)
            if isinstance(error, Exception) and not isinstance(error, unittest.SkipTest):
                raise
            # SystemExit would end the run, and pytest takes some of these for a skipped test.
            message = f"the code stops the run: {type(error).__name__}: {error}"
            raise ClaimError(f"line {failing_line(error)}: {message}") from error
        if err.getvalue():
            message = "the code writes to standard error, which no output fence shows:"
            raise ClaimError(f"{message}\n{quoted(err.getvalue())}")
        try:
            self.printed[block.line] = printed = as_shown(out.getvalue())
        except ValueError as error:
            raise ClaimError(str(error)) from None
        if printed and not isinstance(self.behind.get(block.line), Output):
            self.demand_output(block, printed)

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
            message = "the code prints, and no output fence is behind it:"
            raise ClaimError(f"{message}\n{quoted(printed)}")
        lines = ["", '```text title="Output"', *printed.split("\n"), "```"]
        text = "".join((block.prefix + line).rstrip() + "\n" for line in lines)
        if not self.chapter.text[: block.end].endswith("\n"):  # the page ends with the block
            text = "\n" + text.rstrip("\n")
        self.edits.append(Edit(block.end, block.end, text))

    def compare(self, output: Output) -> None:
        code_line = self.code_of[output.line]
        if code_line not in self.printed:
            raise ClaimError(f"not compared, because the block at line {code_line} failed")
        expected, actual = as_page(output.code), self.printed[code_line]
        if not actual:
            raise ClaimError(f"the block at line {code_line} prints nothing: remove this output")
        if not same_output(expected, actual):
            if not self.update:
                raise ClaimError(difference(expected, actual))
            text = "".join((output.prefix + line).rstrip() + "\n" for line in actual.split("\n"))
            self.edits.append(Edit(output.body_start, output.body_end, text))

    def verify(self, value: Value) -> None:
        if not value.expression:
            raise ClaimError(f'`{value.text}` has no expression: write {{ .verified expr="..." }}')
        if is_literal(value.expression):
            raise ClaimError(f"`{value.text}` is compared with itself: {value.expression}")
        actual = self.evaluate(value)
        if not same_value(value.text, actual):
            if not self.update:
                raise ClaimError(
                    f"the value differs.\nExpression: {value.expression}\n"
                    f"Expected: {value.text}\nActual:   {actual}"
                )
            written = shown_like(value.text, actual)
            if re.search(r"[`\n]", written):
                raise ClaimError(f"{value.expression} cannot be shown as inline code: {written}")
            self.edits.append(Edit(value.text_start, value.text_end, written))

    def evaluate(self, value: Value) -> Any:
        """Evaluate a value's expression where it stands on the page."""
        try:
            return eval(compile(value.expression, "<expr>", "eval", optimize=0), self.namespace)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"
            if isinstance(error, NameError) and error.name in self.failed:
                cause = self.failed[error.name]
                reason = f"NameError: the block at line {cause} failed to define {error.name}"
            raise ClaimError(f"`{value.text}`: {value.expression} raises {reason}") from None


def is_literal(expression: str) -> bool:
    """Whether an expression computes nothing, so that it would verify whatever is written."""
    with contextlib.suppress(ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        ast.literal_eval(expression)
        return True
    return False


def as_page(code: str) -> str:
    """Return an output fence's text without what no reader can see."""
    return "\n".join(line.rstrip() for line in code.split("\n")).rstrip("\n")


def quoted(text: str) -> str:
    """Return a text, or its beginning if it is long."""
    lines = text.rstrip("\n").split("\n")
    more = [f"... and {len(lines) - LONGEST} lines more"] if len(lines) > LONGEST else []
    return "\n".join(lines[:LONGEST] + more)


def difference(expected: str, actual: str) -> str:
    """Show two outputs that differ: whole if they are short, else the lines that differ."""
    old, new = expected.split("\n"), actual.split("\n")
    if len(old) + len(new) <= LONGEST:
        return f"the output differs.\nExpected:\n{expected}\nActual:\n{actual}"
    lines = difflib.unified_diff(old, new, "expected", "actual", n=1, lineterm="")
    return "the output differs.\n" + quoted("\n".join(lines))


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
        statements.append(compile(module, str(file), "exec", dont_inherit=True, optimize=0))
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


def failing_line(error: BaseException) -> int | None:
    """Find the line of the page at which its code has raised an error, however deep."""
    frames = traceback.extract_tb((error.__cause__ or error).__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename.endswith(".md")]
    return lines[-1] if lines else None


def explained(error: Exception) -> str:
    """Say what does not hold: a traceback begins in the page, without the engine's own calls."""
    if isinstance(error, ClaimError):
        return str(error)
    whole = traceback.TracebackException.from_exception(error)
    own = [n for n, frame in enumerate(whole.stack) if frame.filename.endswith(".md")]
    if not own:
        raise error  # the engine's fault, not the page's
    whole.stack = traceback.StackSummary.from_list(whole.stack[own[0] :])
    return "".join(whole.format())


class Failure(NamedTuple):
    """What does not hold on a page, and why."""

    item: Item
    error: BaseException

    @property
    def line(self) -> int:
        """The page's line: of the statement that failed, else where the item begins."""
        return failing_line(self.error) or self.item.line

    @property
    def message(self) -> str:
        if isinstance(self.error, ClaimError):
            return str(self.error)
        return f"{type(self.error).__name__}: {self.error}".rstrip(": ")


@dataclass
class Report:
    """The result of a whole chapter: counts, printed texts by line of code, and failures."""

    tally: Tally
    printed: dict[int, str]
    failures: list[Failure]


def run_chapter(chapter: Chapter) -> Report:
    """Check a chapter from top to bottom; go on after a failure."""
    run = ChapterRun(chapter)
    failures: list[Failure] = []
    for item in chapter.items:
        try:
            run.check(item)
        except Exception as error:  # a chapter's code may raise anything; it is reported by name
            failures.append(Failure(item, error))
    return Report(run.tally, run.printed, failures)
