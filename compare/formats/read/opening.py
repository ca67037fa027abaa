"""Files that people bring, opened: none that has no end, and no more of one than can be meant."""

import codecs
import os
import stat
from typing import IO

from compare.errors import UsageError

LARGEST_TEXT = 2**31  # bytes
_PIECE = 2**20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # as PowerShell writes what is redirected


def open_file(path: str, where: str, *, pipe: bool = False) -> IO[bytes]:
    """Opens a file of bytes.

    Args:
      path: the file.
      where: the file and what it was given for, to be named in errors.
      pipe: whether a pipe may come in its place, which is read once and tells no size.

    Raises:
      UsageError: for a device, which may never end.
      OSError: as `open` does.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or (stat.S_ISFIFO(mode) and not pipe):
        kind = "a pipe" if stat.S_ISFIFO(mode) else "a device"
        raise UsageError(f"{where}: expected a file, got {kind}")
    return open(path, "rb")


def read_text_file(path: str, where: str, *, at_most: int) -> str:
    """Returns the text of a file, or of a pipe.

    Args:
      path: the file.
      where: the file and what it was given for, to be named in errors.
      at_most: as many bytes as it may have.

    Raises:
      UsageError: for a device, and for more bytes.
      UnicodeDecodeError: for other than UTF-8, and UTF-16 that begins with its mark.
      OSError: as `open` does.
    """
    pieces, size = [], 0
    with open_file(path, where, pipe=True) as file:
        known = os.fstat(file.fileno()).st_size
        while size <= at_most and known <= at_most and (piece := file.read(_PIECE)):
            pieces.append(piece)
            size += len(piece)
    if max(size, known) > at_most:
        raise UsageError(
            f"{where}: expected at most {at_most / 2**20:,.0f} MiB of text, got "
            + (f"{known / 2**20:,.0f} MiB" if known > at_most else "more")
        )
    content = b"".join(pieces)
    text = content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")
