"""Standard output and error of a command: whoever reads them may stop, and they may be closed."""

import io
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable
from typing import Any

from compare.quoting import quoted


def open_streams() -> None:
    """Makes both streams take whatever is printed, so that printing never ends a run.

    Closed ones lead nowhere: else the next file that is opened would take their number, and what C
    libraries print would end up in it. What a reader such as `head` no longer takes is dropped.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    sys.stdout = _patient(sys.stdout, 1)
    sys.stderr = _patient(sys.stderr, 2)


class PrintError(OSError):
    """Standard output does not take what is printed, as on a full disk."""


class _Patient(io.FileIO):
    """A stream that drops what its reader no longer takes; on stderr, whatever is not taken."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if not isinstance(error, BrokenPipeError) and self.fileno() != 2:
                raise PrintError(error.errno, error.strerror) from None
        return memoryview(data).nbytes


def _patient(stream: Any, number: int) -> io.TextIOWrapper:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    buffered = io.BufferedWriter(_Patient(number, "w", closefd=False))
    at_once = number == 2 or os.isatty(number)
    return io.TextIOWrapper(
        buffered,
        encoding,
        errors="backslashreplace",
        line_buffering=at_once,
        write_through=getattr(stream, "write_through", False),
    )


def terminal_width() -> int:
    """Returns how many columns a command prints: those of the terminal or of $COLUMNS, or 100."""
    return min(shutil.get_terminal_size((100, 24)).columns, 100)


def print_written(paths: Iterable[str]) -> None:
    """Prints which files a command has written."""
    names = (quoted(path).replace("\n", r"\n") for path in paths)
    said = f"Written: {', '.join(names)}"
    print(textwrap.fill(said, terminal_width(), break_long_words=False, break_on_hyphens=False))
