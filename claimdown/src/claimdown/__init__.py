"""Pages in Markdown whose code, outputs, numbers and claims are executed and compared.

`read(path)` returns a `Page`, `run(page)` a `Report`, `notebook(page, report)` a Jupyter notebook,
and `differences(page, original)` in what a translation differs from its original.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claimdown.notebooks import notebook
    from claimdown.page import Page
    from claimdown.reader import read
    from claimdown.report import Report
    from claimdown.runner import run
    from claimdown.translation import differences

# Each is imported when it is asked for: pytest loads the plugin in every project that it runs in.
_MODULES = {
    "Page": "page",
    "Report": "report",
    "differences": "translation",
    "notebook": "notebooks",
    "read": "reader",
    "run": "runner",
}
__all__ = ["Page", "Report", "differences", "notebook", "read", "run"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
