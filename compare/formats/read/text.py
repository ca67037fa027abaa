"""Text files of numbers: our dumps, JSON, and prints."""

from compare.errors import UsageError
from compare.formats.read.dump import is_dump, read_dump
from compare.formats.read.errors import readable
from compare.formats.read.json import read_json
from compare.formats.read.numbers import Numbers
from compare.formats.read.opening import LARGEST_TEXT, read_text_file
from compare.formats.read.prints.arrays import read_print


def read_text(path: str, *, at_most: int = LARGEST_TEXT) -> Numbers:
    """Reads a dump of ours, JSON, or what NumPy, JAX, torch or a person printed.

    Args:
      path: the file, or a pipe.
      at_most: as many bytes as it may have.

    Raises:
      UsageError: if the file cannot be read, holds no numbers, or was cut short.
    """
    try:
        with readable(path):
            text = read_text_file(path, path, at_most=at_most)
    except UnicodeDecodeError:
        raise UsageError(f"{path}: expected text, such as a .dat file; this is binary") from None
    if is_dump(text):
        return read_dump(path, text)
    return read_json(path, text) or read_print(path, text)
