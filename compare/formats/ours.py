"""Which files this project wrote. Each says so itself; no other file is ever replaced.

Text dumps and reports are known by how they begin. All else has SIGN in it, near its beginning or
its end: as a comment, or where its format keeps notes.
"""

import re
import zlib
from pathlib import Path
from typing import IO

from compare.formats.write.dump import COLUMNS

SIGN = "Written by jaxmlp, which may replace this file."
STATE_FOLDER = ".unfinished"  # in --out: all that lies in it is ours, and goes when a run ends

_NEAR = 4096  # bytes at either end
_BEGINNINGS = re.compile(
    rb"# gradients of [^\n]*\n" + re.escape(COLUMNS.encode()) + rb"\n"
    rb'|\{\n "schema_version": \d+,\n "verdict": "'
)
_COMMENTS = {
    **dict.fromkeys((".html", ".md", ".svg"), f"<!-- {SIGN} -->\n"),
    ".dot": f"// {SIGN}\n",
    ".pdf": f"% {SIGN}\n",
    ".txt": f"\n{SIGN}\n",
    **dict.fromkeys((".flags", ".py"), f"# {SIGN}\n"),
    ".json": "",  # which is known by how it begins
}


def is_ours(path: Path) -> bool:
    """Whether this project wrote a file, or nothing is lost with it, as it is empty.

    Raises:
      OSError: if it cannot be read.
    """
    if path.parent.name == STATE_FOLDER:
        return True
    with open(path, "rb") as file:
        head = file.read(_NEAR)
        file.seek(max(0, file.seek(0, 2) - _NEAR))
        ends = head + b"\n" + file.read()
    return not head or bool(_BEGINNINGS.match(head)) or SIGN.encode() in ends


def why_not_replaced(path: Path) -> str | None:
    """Says why a path must not be replaced by a file of ours; None if it may be."""
    if path.is_dir():
        return "is a folder"
    if path.exists() and not path.is_file():
        return "is no regular file"
    if path.is_symlink() and not path.exists():
        return "is a link that leads nowhere"
    try:
        ours = not path.exists() or is_ours(path)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    return None if ours else "was not written by jaxmlp, and is not replaced"


def sign(content: bytes, suffix: str) -> bytes:
    """Returns the content of a whole file, signed by its suffix where it needs that."""
    if suffix != ".png":
        return content + _COMMENTS[suffix].encode()
    text = b"tEXtComment\0" + SIGN.encode()  # a chunk: its length, kind and data, and their CRC
    chunk = (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
    return content[:-12] + chunk + content[-12:]  # before the last one, IEND, of 12 bytes


def sign_archive(file: IO[bytes]) -> None:
    """Signs an open ZIP archive, as .npz and .pt are, in the comment that it ends with.

    The last two bytes of an archive without a comment are the length of it (APPNOTE, 4.3.16).
    """
    file.seek(-2, 2)
    file.write(len(SIGN).to_bytes(2, "little") + SIGN.encode())
