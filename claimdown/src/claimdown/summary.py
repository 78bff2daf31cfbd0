"""One line that says how much of how many pages was checked and holds."""

from collections.abc import Mapping

DONE = {
    "executed": "blocks executed",
    "compared": "outputs compared",
    "verified": "values verified",
    "skipped": "skipped",
    "shown": "shown but not executed",
}


def summary(pages: int, held: Mapping[str, int], whole: Mapping[str, int]) -> str:
    """Sum up; a part that was not run or has failed is seen.

    >>> summary(2, {"executed": 5, "shown": 1}, {"executed": 12, "shown": 1})
    '2 pages: 5 of 12 blocks executed, 0 outputs compared, 0 values verified, 0 skipped, 1 shown but not executed'
    """  # noqa: E501
    counts = {kind: (held.get(kind, 0), whole.get(kind, 0)) for kind in DONE}
    parts = (
        f"{some} {DONE[kind]}" if some == all_ else f"{some} of {all_} {DONE[kind]}"
        for kind, (some, all_) in counts.items()
    )
    return f"{pages} page{'' if pages == 1 else 's'}: {', '.join(parts)}"
