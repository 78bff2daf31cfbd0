"""Run pages, each in a process of its own, and keep what they did for the next build."""

import contextlib
import hashlib
import json
import multiprocessing
import multiprocessing.context
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from filelock import FileLock

from claimdown.comments import without_comments
from claimdown.config import Config, ConfigError, is_time
from claimdown.page import Code, Fence, Item, Page, Value
from claimdown.report import Failure, Report
from claimdown.worker import Finished, Outcome, items_of, work

Context = multiprocessing.context.SpawnContext | multiprocessing.context.ForkServerContext
STARTING = 120.0  # seconds that the first process may take to import what pages need
ENDING = 1.0  # seconds for what a process does after its last word
# A change in one of these may change what comes of a page.
RUNNING = ("capture", "comparison", "page", "program", "worker")


def run(page: Page, update: bool = False, recall: bool = True) -> Report:
    """Check a page from top to bottom in a process of its own; go on after a failure.

    What a page did is kept, with the names and hashes of all that it depends on.  It is recalled,
    instead of executed, if none of that has changed; `recall=False` executes in any case.
    With `update` nothing that differs is a failure, but an edit that would make it right.
    """
    config = page.config
    context = _prepared(config)
    if update:
        return _executed(page, context, update)[0]
    stored = config.root / config.cache / f"{page.path.stem}-{_key(page, config)[:16]}.json"
    stored.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(stored.with_suffix(".lock")):  # another build may be executing it just now
        if recall and (report := _recalled(page, stored, config.root)):
            return report
        report, files = _executed(page, context, update)
        if not report.failures:
            _keep(report, files, stored, config.root)
    return report


# Executing.


def _prepared(config: Config) -> Context:
    """Start pages from a process that has imported what they need, where that can be had."""
    for name, value in config.environment.items():  # which the process inherits
        os.environ.setdefault(name, value)
    for name in config.preload:
        if find_spec(name.split(".")[0]) is None:
            raise _missing(config, "preload", name)
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["claimdown.worker", *config.preload])
    return context


def _executed(page: Page, context: Context, update: bool) -> tuple[Report, set[Path]]:
    """Execute a page, and at the same time each further run of it, in processes of their own."""
    names = ("", *page.again)
    with ThreadPoolExecutor(len(names)) as pool:
        runs = list(pool.map(lambda again: _run(page, context, update, again), names))
    outcomes = runs[0][0]
    done = list(zip(page.items, outcomes, strict=False))
    failures = [
        failure
        for again, (found, _, reason) in zip(names, runs, strict=True)
        for failure in _failures(items_of(page, again), found, reason, again)
    ]
    printed = {item.line: each.printed for item, each in done if each.printed is not None}
    edits = tuple(each.edit for each in outcomes if each.edit)
    files = {file for _, read, _ in runs for file in read}
    return Report(page, tuple(failures), printed, edits), files


def _run(
    page: Page, context: Context, update: bool, again: str
) -> tuple[list[Outcome], tuple[Path, ...], str]:
    """Run a page once; return what came of its items, what it has read, and why it has stopped."""
    own = page.meta.get("timeout")
    limit = own if is_time(own) else page.config.timeout
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(page, update, again, send))
    process.start()
    send.close()
    outcomes: list[Outcome] = []
    files: tuple[Path, ...] = ()
    reason = ""
    try:
        for message in _messages(receive, limit):
            if isinstance(message, Outcome):
                outcomes.append(message)
            elif isinstance(message, Finished):
                files = message.files
                if message.late:
                    reason = f"after its last block the page prints: {message.late}"
                process.join(ENDING)  # it gives semaphores back, which else are reported as lost
            else:
                raise ConfigError(f"{_entry(page.config, f'again.{again}')}: {message}")
    except TimeoutError as error:
        reason = str(error)
    except EOFError:
        process.join(limit)
        reason = f"the process of the page ends here, with exit code {process.exitcode}"
    finally:
        _end(process)
        receive.close()
    return outcomes, files, reason


def _messages(receive: Connection, limit: float) -> Iterator[object]:
    """Yield what a page's process says, up to its last word, unless that comes late or never."""
    if not receive.poll(STARTING):
        raise TimeoutError(f"no process could be started in {STARTING:g} s")
    receive.recv()
    end = time.monotonic() + limit
    while receive.poll(max(0.0, end - time.monotonic())):
        message = receive.recv()
        yield message
        if isinstance(message, Finished):
            return
    raise TimeoutError(
        f"the page has not ended within {limit:g} s; a longer time is allowed by `timeout: "
        "SECONDS` in its front matter"
    )


def _end(process: BaseProcess) -> None:
    """End a page's process, and whatever it has started."""
    assert process.pid, "it has been started"
    with contextlib.suppress(ProcessLookupError, PermissionError, AttributeError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def _failures(
    items: list[tuple[int, Item]], outcomes: list[Outcome], reason: str, again: str
) -> list[Failure]:
    """List what does not hold in one run; what was not reached does not hold either."""
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    if reason:  # said at the item at which the page has stopped
        at = min(len(outcomes), max(len(items) - 1, 0))
        last, line = (items[at][0], items[at][1].line) if items else (0, 1)
        failures = [failure for failure in failures if failure.index != last]
        failures.append(Failure(last, line, reason))
        why = f"not checked, because the page stopped at line {line}"
        failures += [Failure(index, item.line, why) for index, item in items[at + 1 :]]
    if not again:
        return failures
    return [
        replace(f, again=again, message=f"in {again}: {f.message}",
                details=f.details and f"in {again}:\n{f.details}")
        for f in failures
    ]  # fmt: skip


# Keeping.


@cache
def _engine() -> str:
    """Hash the code that a page is executed with."""
    digest = hashlib.sha256(sys.version.encode())
    for name in RUNNING:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()


def _key(page: Page, config: Config) -> str:
    """Hash what is executed, compared and verified, and what with; a translation has the same."""
    digest = hashlib.sha256(_engine().encode())
    for name in (*config.distributions, *page.requires):
        try:
            digest.update(f"{name}=={version(name)}\0".encode())
        except PackageNotFoundError:
            if name in page.requires:  # the import names it, with the line
                continue
            raise _missing(config, "distributions", name) from None
    environment = [(name, os.environ.get(name)) for name in config.environment]
    digest.update(repr((environment, config.again)).encode())
    digest.update("\0".join(_parts(page)).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _missing(config: Config, entry: str, name: str) -> ConfigError:
    return ConfigError(f"{_entry(config, entry)}: expected what is installed, got {name!r}")


def _entry(config: Config, entry: str) -> str:
    return f"{config.root / 'pyproject.toml'}: [tool.claimdown] {entry}"


def _parts(page: Page) -> Iterator[str]:
    """Write down what is checked, in order.

    Between two blocks of code the order of values does not matter, and differs among languages.
    """
    values: list[str] = []
    for item in page.items:
        if isinstance(item, Value):
            values.append(f"{item.text}: {item.expression}")
            continue
        yield from sorted(values)
        values = []
        yield type(item).__name__
        if isinstance(item, Fence):
            yield without_comments(item.code, item.language)
    yield from sorted(values)


def _recalled(page: Page, stored: Path, root: Path) -> Report | None:
    if not stored.is_file():
        return None
    known = json.loads(stored.read_text(encoding="utf-8"))
    if known["files"] != _digests(root, known["files"]):
        return None
    lines = (block.line for block in page.of(Code))
    return Report(page, (), dict(zip(lines, known["printed"], strict=True)))


def _keep(report: Report, files: set[Path], stored: Path, root: Path) -> None:
    """Write in one step: other processes may be reading it."""
    names = [file.relative_to(root).as_posix() for file in files]
    printed = [report.printed[block.line] for block in report.page.of(Code)]
    content = {"page": report.page.path.name, "files": _digests(root, names), "printed": printed}
    temporary = stored.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
    os.replace(temporary, stored)


def _digests(root: Path, names: Iterable[str]) -> dict[str, str]:
    """Hash files by their names in the project; "" for one that is missing."""
    return {name: _digest(root / name) for name in sorted(names)}


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
