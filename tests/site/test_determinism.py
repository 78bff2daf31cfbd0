"""Two builds of one commit are the same, byte for byte."""

import hashlib
from pathlib import Path

from tests.conftest import build_failure


def digests(site: Path) -> dict[str, str]:
    files = (path for path in sorted(site.rglob("*")) if path.is_file())
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_a_second_build_is_the_same_byte_for_byte(built_site: Path, tmp_path: Path) -> None:
    assert not build_failure(tmp_path)
    first, second = digests(built_site), digests(tmp_path)
    assert len(first) > 100
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
