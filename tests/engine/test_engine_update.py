"""`--update-outputs` mends what may be mended, and nothing else on the page."""

import os
from pathlib import Path

import pytest
from tools.chapter import read_chapter
from tools.runner import ChapterRun, ClaimError
from tools.update import apply_edits

from tests.engine.engine import HEAD, TICKS, fence, inside, output


def update(path: Path) -> list[str]:
    """Run a page as `--update-outputs` does; return what it still reports."""
    chapter = read_chapter(path)
    run = ChapterRun(chapter, update=True)
    reported = []
    for item in chapter.items:
        try:
            run.check(item)
        except (ClaimError, ArithmeticError) as error:
            reported.append(f"{item.line}: {error}")
    if run.edits:
        apply_edits(path, chapter.text, run.edits)
    return reported


def updated(tmp_path: Path, text: str) -> str:
    """Return a page after an update, having seen that a second one changes nothing."""
    path = tmp_path / "page.md"
    path.write_bytes(text.encode("utf-8"))
    update(path)
    once = path.read_bytes()
    stamp = path.stat().st_mtime_ns
    update(path)
    assert path.stat().st_mtime_ns == stamp, "the second run wrote the file again"
    return once.decode("utf-8")


VALUE = 'So `{}`{{ .verified expr="{}" }} it is.\n'
CHANGES = {
    "wrong output": (
        fence(body="print('a')") + output("b") + "\nText\n",
        fence(body="print('a')") + output("a") + "\nText\n",
    ),
    "missing output": (
        fence(body="print('a\\n\\nb')") + "\nText\n",
        fence(body="print('a\\n\\nb')") + output("a\n\nb") + "\nText\n",
    ),
    "missing output at the end": (
        fence(body="print('a')"),
        fence(body="print('a')") + output("a"),
    ),
    "missing output at the end, no newline": (
        fence(body="print('a')").rstrip("\n"),
        (fence(body="print('a')") + output("a")).rstrip("\n"),
    ),
    "longer output": (
        fence(body="print('a\\nb')") + output("x"),
        fence(body="print('a\\nb')") + output("a\nb"),
    ),
    "empty output": (
        fence(body="print('a')") + f'\n{TICKS}text title="Output"\n{TICKS}\n',
        fence(body="print('a')") + output("a"),
    ),
    "in an admonition": (
        "!!! note\n\n" + inside(fence(body="print('a\\n\\nb')") + output("x"), "    "),
        "!!! note\n\n" + inside(fence(body="print('a\\n\\nb')") + output("a\n\nb"), "    "),
    ),
    "missing in an admonition": (
        "!!! note\n\n" + inside(fence(body="print('a')"), "    ") + "\nText\n",
        "!!! note\n\n" + inside(fence(body="print('a')") + output("a"), "    ") + "\nText\n",
    ),
    "in a blockquote": (
        inside(fence(body="print('a')") + output("x"), "> "),
        inside(fence(body="print('a')") + output("a"), "> "),
    ),
    "what agrees to the digits shown": (
        fence(body="print(1 / 3)") + output("0.333"),
        fence(body="print(1 / 3)") + output("0.333"),
    ),
    "integer": (VALUE.format(5, "2 + 2"), VALUE.format(4, "2 + 2")),
    "two on a line": (
        VALUE.format(5, "2 + 2").rstrip() + " " + VALUE.format(6, "2 * 3 + 1"),
        VALUE.format(4, "2 + 2").rstrip() + " " + VALUE.format(7, "2 * 3 + 1"),
    ),
    "digits of a float": (VALUE.format("0.50", "2 / 3"), VALUE.format("0.67", "2 / 3")),
    "scientific": (VALUE.format("1.0e-05", "2.75e-5 * 1"), VALUE.format("2.8e-05", "2.75e-5 * 1")),
    "digits of a list": (
        VALUE.format("[0.5, 1]", "[2 / 3, 1]"),
        VALUE.format("[0.7, 1]", "[2 / 3, 1]"),
    ),
    "not quite zero": (VALUE.format("0.0", "0.004 * 1"), VALUE.format("0.004", "0.004 * 1")),
    "thousands": (VALUE.format("1,000", "1234567 * 1"), VALUE.format("1,234,567", "1234567 * 1")),
    "shape": (
        VALUE.format("[4, 6]", "[4, 16, 6] * 1"),
        VALUE.format("[4, 16, 6]", "[4, 16, 6] * 1"),
    ),
    "text": (VALUE.format("a", "'b' * 1"), VALUE.format("b", "'b' * 1")),
    "not a number": (VALUE.format("0.5", "float('nan')"), VALUE.format("nan", "float('nan')")),
    "in a table": (
        "| a | b |\n|---|---|\n| c | " + VALUE.format(5, "4 * 1").rstrip() + " |\n",
        "| a | b |\n|---|---|\n| c | " + VALUE.format(4, "4 * 1").rstrip() + " |\n",
    ),
}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES)
def test_update(before: str, after: str, line_end: str, tmp_path: Path) -> None:
    front = "\ufeff---\ndescription: x\n---\n"
    before, after = (f"{front}{HEAD}{text}".replace("\n", line_end) for text in (before, after))
    assert updated(tmp_path, before) == after


def test_every_other_byte_is_kept(tmp_path: Path) -> None:
    odd = "One \r\nTwo\t\nThree\r\u2028\x0c\x85 é  \n\n"
    before = HEAD + odd + fence(body="print('a')") + output("b") + "\n\n  \n" + odd
    assert updated(tmp_path, before) == before.replace("\nb\n", "\na\r\n")


def test_update_does_not_hide_faults(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    blocks = [
        fence(body="print('a')") + output("b"),
        fence(body="x = 1") + output("nothing printed this"),
        fence(body="1 / 0"),
        fence("pycon", ">>> 1"),
        VALUE.format("1", "undefined"),
        VALUE.format("1", "'two' + chr(10) + 'lines'"),
        "Now 16.\n",
    ]
    path.write_text(HEAD + "\n".join(blocks), encoding="utf-8")
    reported = update(path)
    assert len(reported) == 6
    for line, message in zip(
        reported,
        ["prints nothing", "division by zero", "pycon", "NameError", "cannot be shown", '"16"'],
        strict=True,
    ):
        assert message in line
    assert path.read_text(encoding="utf-8") == HEAD + "\n".join(
        [blocks[0].replace("\nb\n", "\na\n"), *blocks[1:]]
    )


def test_file_that_changed_meanwhile_is_let_alone(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(HEAD + fence(body="print('a')") + output("b"), encoding="utf-8")
    chapter = read_chapter(path)
    run = ChapterRun(chapter, update=True)
    for item in chapter.items:
        run.check(item)
    path.write_text("Other text.\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"page\.md: not rewritten, because it has changed"):
        apply_edits(path, chapter.text, run.edits)
    assert path.read_text(encoding="utf-8") == "Other text.\n"


def test_file_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is never half written, and keeps its mode; a link to it stays a link."""
    path, link = tmp_path / "page.md", tmp_path / "link.md"
    text = HEAD + fence(body="print('a')") + output("b")
    path.write_text(text, encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)

    def fail(*_: object) -> None:
        raise OSError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="planted"):
            update(link)
    assert path.read_text(encoding="utf-8") == text
    update(link)
    assert path.read_text(encoding="utf-8") == text.replace("\nb\n", "\na\n")
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.md", "page.md"]
