"""Catch all that a process writes, whoever writes it: print, a logging handler, a child process."""

import io
import os
import sys
from tempfile import TemporaryFile


class Captured:
    """One of the process's two streams, from now on kept in a temporary file.

    The stream stays the same object for the life of the process, so that a function or a handler
    that holds it still writes to the right place.
    """

    def __init__(self, name: str, number: int) -> None:
        self.file = TemporaryFile()  # noqa: SIM115 -- open as long as the process
        os.dup2(self.file.fileno(), number)
        raw = open(number, "wb", buffering=0, closefd=False)  # noqa: SIM115 -- as well
        # Written through, so that what a child process writes stands after what was printed before.
        self.stream = io.TextIOWrapper(
            raw, encoding="utf-8", errors="surrogatepass", newline="\n", write_through=True
        )
        setattr(sys, name, self.stream)
        setattr(sys, f"__{name}__", self.stream)
        self.position = 0

    def taken(self) -> str:
        """Return what was written since the last call."""
        self.stream.flush()
        end = os.fstat(self.file.fileno()).st_size
        new = os.pread(self.file.fileno(), end - self.position, self.position)
        self.position = end
        return new.decode("utf-8", errors="surrogateescape").replace("\r\n", "\n")
