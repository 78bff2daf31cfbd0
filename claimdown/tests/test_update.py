"""`--update` and `--update-outputs` correct what may be corrected, and nothing else on the page."""

import os
from pathlib import Path

import pytest

from checking import HEAD, TICKS, fence, inside, make_course, output
from claimdown.reader import read
from claimdown.runner import run
from claimdown.update import apply_edits
from courses import TWO_EDITIONS

CHILD = "import os\nx = os.system('echo a')"


def update(path: Path) -> list[str]:
    """Run a page and rewrite it; return what is still reported."""
    report = run(read(path), update=True)
    if report.edits:
        apply_edits(path, report.page.text, report.edits)
    return [f"{failure.line}: {failure.message}" for failure in report.failures]


def written(tmp_path: Path, text: str, name: str = "page.md", pyproject: str = "") -> Path:
    """Write one page into a course of its own."""
    make_course(tmp_path, {name: text}, *[pyproject] * bool(pyproject))
    return tmp_path / "docs" / name


def updated(path: Path) -> str:
    """Return a page after an update, having seen that a second one changes nothing."""
    assert update(path) == []
    once, stamp = path.read_bytes(), path.stat().st_mtime_ns
    assert update(path) == []
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
    "in a box": (
        "!!! note\n\n" + inside(fence(body="print('a\\n\\nb')") + output("x")),
        "!!! note\n\n" + inside(fence(body="print('a\\n\\nb')") + output("a\n\nb")),
    ),
    "missing in a box": (
        "!!! note\n\n" + inside(fence(body="print('a')")) + "\nText\n",
        "!!! note\n\n" + inside(fence(body="print('a')") + output("a")) + "\nText\n",
    ),
    "in a list": (
        "- a\n\n" + inside(fence(body="print('a')") + output("x")),
        "- a\n\n" + inside(fence(body="print('a')") + output("a")),
    ),
    "printed by a child process": (
        fence(body=CHILD) + output("x"),
        fence(body=CHILD) + output("a"),
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
    "two of other lengths": (
        VALUE.format(5, "10 ** 3").rstrip() + " " + VALUE.format(600, "2 * 3 + 1"),
        VALUE.format(1000, "10 ** 3").rstrip() + " " + VALUE.format(7, "2 * 3 + 1"),
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


# A page each, because they stand at its end; all others share one.
AT_THE_END = [name for name in CHANGES if "at the end" in name]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("name", ["", *AT_THE_END])
def test_update(name: str, line_end: str, tmp_path: Path) -> None:
    names = [name] if name else [each for each in CHANGES if each not in AT_THE_END]
    front = "\ufeff---\ndescription: x\n---\n"
    before, after = (
        (front + HEAD + "\nNext.\n\n".join(CHANGES[each][side] for each in names)).replace(
            "\n", line_end
        )
        for side in (0, 1)
    )
    assert updated(written(tmp_path, before)) == after


def test_missing_output_gets_the_title_of_its_language(tmp_path: Path) -> None:
    text = HEAD + fence(body="print('a')") + "\nText.\n"
    after = text.replace("\nText", output("a").replace("Output", "Ausgabe") + "\nText")
    assert updated(written(tmp_path, text, "de/page.md", TWO_EDITIONS)) == after
    assert run(read(tmp_path / "docs/de/page.md")).failures == ()


def test_every_other_byte_is_kept(tmp_path: Path) -> None:
    odd = "One \r\nTwo\tit\nThree\r\u2028\x0c\x85 é  \n\n"
    before = HEAD + odd + fence(body="print('a')") + output("b") + "\n\n  \n" + odd
    assert updated(written(tmp_path, before)) == before.replace("\nb\n", "\na\r\n")


def test_update_does_not_hide_faults(tmp_path: Path) -> None:
    blocks = [
        fence(body="print('a')") + output("b"),
        fence(body="x = 1") + output("nothing printed this"),
        fence(body="1 / 0"),
        fence(body="print('a'); 1 / 0") + output("b"),
        fence("pycon", ">>> 1"),
        VALUE.format("1", "undefined"),
        VALUE.format("1", "'two' + chr(10) + 'lines'"),
        VALUE.format("1", "'a' + chr(96)"),
        "Now 16.\n",
        fence(body="while True:\n    pass"),
    ]
    text = "---\ntimeout: 1\n---\n" + HEAD + "\n".join(blocks)
    path = written(tmp_path, text)
    reported = update(path)
    expected = ["prints nothing", "division by zero", "division by zero", "not compared", "pycon",
                "NameError", "cannot be shown", "cannot be shown", '"16"', "not ended"]  # fmt: skip
    for line, message in zip(reported, expected, strict=True):
        assert message in line
    assert path.read_text(encoding="utf-8") == text.replace("\nb\n", "\na\n", 1)


def test_not_utf8_is_kept_and_reported(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "Text \udcff.\n\n" + fence(body="print('a')") + output("b"))
    assert update(path) == ["3: this line is not valid UTF-8"]
    assert path.read_bytes().endswith(b'Output"\na\n```\n')
    assert b"Text \xff." in path.read_bytes()


def test_file_that_changed_meanwhile_is_let_alone(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + fence(body="print('a')") + output("b"))
    report = run(read(path), update=True)
    path.write_text("Other text.\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"page\.md: not rewritten, because it has changed"):
        apply_edits(path, report.page.text, report.edits)
    assert path.read_text(encoding="utf-8") == "Other text.\n"


def test_file_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is never half written, and keeps its mode; a link to it stays a link."""
    text = HEAD + fence(body="print('a')") + output("b")
    path = written(tmp_path, text)
    link = path.with_name("link.md")
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
    assert sorted(p.name for p in path.parent.iterdir()) == ["link.md", "page.md"]
