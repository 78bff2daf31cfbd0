"""All code of a page as one program: compiled block by block, and traced back to its lines."""

import ast
import contextlib
import linecache
import reprlib
import symtable
import sys
import traceback
import types
import warnings
from collections.abc import Iterator

from claimdown.page import Code, Origin, Page
from claimdown.report import ClaimError

FUTURE = 0x1FF0000  # the flags of a code object that `from __future__ import` sets
SHORT = reprlib.Repr()
SHORT.maxstring, SHORT.maxother = 300, 600


class NotPythonError(ClaimError):
    """Code that is not Python, and the page's line where it stops being it."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Program:
    """All code of a page as one file, which exists in memory only.

    Python finds the source of a page's functions and classes in it.  Its lines are those of the
    blocks, includes expanded, one block after another.
    """

    def __init__(self, page: Page) -> None:
        self.page, self.name, self.flags = page, f"<{page.path.name}>", 0
        self.lines: list[str] = []
        self.origins: list[Origin] = []
        self.first: dict[int, int] = {}  # where a block begins, by its line in the page
        for block in page.of(Code):
            self.first[block.line] = len(self.lines)
            self.lines += [f"{line}\n" for line in block.code.split("\n")]
            self.origins += block.origins
        # Without a time of change: Python does not look for a newer file of that name.
        linecache.cache[self.name] = (sum(map(len, self.lines)), None, self.lines, self.name)

    def compiled(self, block: Code) -> types.CodeType:
        """Compile a block; `from __future__ import` holds for the rest of the page."""
        shift, before = self.first[block.line], 0
        try:
            flags = ast.PyCF_ONLY_AST | self.flags
            tree = compile(block.code, self.name, "exec", flags, dont_inherit=True)
            before = shift  # lines of what is found later are those of the program
            ast.increment_lineno(tree, shift)
            code = compile(tree, self.name, "exec", self.flags, dont_inherit=True, optimize=0)
        except SyntaxError as error:
            number = min((error.lineno or 1) - before, len(block.origins))
            line, text = block.origins[number - 1].line, block.code.split("\n")[number - 1]
            message = f"line {line}: not valid Python: {error.msg}: {text.strip()}"
            raise NotPythonError(line, message) from None
        self.flags |= code.co_flags & FUTURE
        return code

    def frames(self, error: BaseException) -> Iterator[tuple[types.FrameType, Origin]]:
        """List the frames of an error that run the page's code, with where that was written."""
        for frame, number in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename == self.name:
                yield frame, self.origins[number - 1]

    def page_line(self, error: BaseException) -> int | None:
        """Find the line of the page at which its code has raised an error, however deep."""
        own = [origin.line for _, origin in self.frames(error) if origin.file is None]
        return own[-1] if own else None

    def formatted(self, error: BaseException) -> str:
        """Write an error's traceback as if each line stood in the file that it was written in."""
        whole = traceback.TracebackException.from_exception(error)
        part: traceback.TracebackException | None = whole
        while part:
            names = [frame.filename for frame in part.stack]
            start = names.index(self.name) if self.name in names else 0
            part.stack = traceback.StackSummary.from_list(map(self.frame, part.stack[start:]))
            part = part.__cause__ or part.__context__
        return "".join(whole.format())

    def frame(self, frame: traceback.FrameSummary) -> traceback.FrameSummary:
        if frame.filename != self.name or not frame.lineno:
            return frame
        origin = self.origins[frame.lineno - 1]
        file = str(origin.file or self.page.path)
        return traceback.FrameSummary(file, origin.line, frame.name, line=frame.line)

    def operands(self, error: Exception) -> Iterator[str]:
        """Evaluate what a plain `assert` has compared, for the message of its failure."""
        frames = list(self.frames(error))
        if type(error) is not AssertionError or error.args or not frames:
            return
        frame, number = list(traceback.walk_tb(error.__traceback__))[-1]
        if frame.f_code.co_filename != self.name:
            return
        for node in ast.walk(ast.parse("".join(self.lines))):
            if isinstance(node, ast.Assert) and node.lineno <= number <= (node.end_lineno or 0):
                for part in parts(node.test):
                    text = ast.unparse(part)
                    with contextlib.suppress(Exception):  # it may have been computed only once
                        value = eval(text, frame.f_globals, frame.f_locals)
                        yield f"  {text} = {SHORT.repr(value)}"


def parts(test: ast.expr) -> list[ast.expr]:
    """List the operands of an assertion that are worth seeing."""
    if isinstance(test, ast.UnaryOp):
        return parts(test.operand)
    if isinstance(test, ast.Compare):
        found = [test.left, *test.comparators]
    elif isinstance(test, ast.BoolOp):
        found = test.values
    elif isinstance(test, ast.Call):
        found = [*test.args, *(keyword.value for keyword in test.keywords)]
    else:
        found = [test]
    return [part for part in found if not isinstance(part, ast.Constant)]


def main_module(program: Program) -> types.ModuleType:
    """Put a module for the page's code in the place of the program that Python was started with."""
    module = types.ModuleType("__main__")
    module.__file__ = program.name
    sys.modules["__main__"] = module
    # As Python's own filters, but what would be written to standard error is raised.
    warnings.resetwarnings()
    warnings.simplefilter("error")
    for category in (ImportWarning, PendingDeprecationWarning, DeprecationWarning, ResourceWarning):
        warnings.simplefilter("ignore", category)
    warnings.filterwarnings("error", category=DeprecationWarning, module="__main__")
    return module


def assigned_names(code: str) -> set[str]:
    """List the names that a module binds: definitions, assignments and imports."""
    symbols = symtable.symtable(code, "<block>", "exec").get_symbols()
    return {name.get_name() for name in symbols if name.is_assigned() or name.is_imported()}
