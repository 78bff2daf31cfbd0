"""Pages in Markdown whose code, outputs, values and claims are executed and compared."""

from claimdown.config import Config, ConfigError, config_for
from claimdown.notebook import notebook
from claimdown.page import Page
from claimdown.reader import read
from claimdown.report import Report
from claimdown.runner import run
from claimdown.translation import differences

__all__ = ["Config", "ConfigError", "Page", "Report", "config_for", "differences", "notebook",
           "read", "run"]  # fmt: skip
