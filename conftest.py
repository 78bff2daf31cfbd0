"""Run the examples in docstrings; the pages are collected by claimdown's plugin for pytest."""

import os

from sybil import Sybil
from sybil.parsers.rest import DocTestParser, PythonCodeBlockParser

# Read when torch is first imported, here and in the processes that tests start.  Its threads would
# otherwise spin while they wait, and on a busy machine take the time of those that compute.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Workers share the processors as they are; a thread each suffices.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_collect_file = Sybil(
    parsers=[DocTestParser(), PythonCodeBlockParser()],
    patterns=["rnn_tutorial/*.py", "tools/*.py", "claimdown/src/claimdown/*.py"],
).pytest()
