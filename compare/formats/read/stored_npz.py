"""`.npz` archives of which rows are read when they are asked for, and which may exceed memory."""

import struct
import zipfile
from typing import IO

from compare.errors import UsageError
from compare.formats.read.errors import readable
from compare.formats.read.npy import MAGIC, read_header
from compare.formats.read.npz import DAMAGED, check_beginning
from compare.formats.read.opening import open_file
from compare.formats.read.stored_array import HeldBytes, HeldFile, StoredArray

_LENGTHS = "<26x2H"  # of a name and of what follows it, in a member's header (APPNOTE, 4.3.7)


def open_npz(path: str, *, option: str) -> dict[str, StoredArray]:
    """Finds the arrays of an archive, and checks their sums; their numbers stay in the file.

    Those that are compressed are read at once.

    Args:
      path: the file.
      option: what it was given for, such as '--baseline', to be named in errors.

    Raises:
      UsageError: if it is no readable archive, or holds a pickled object.
    """
    where = f"{option} {path}"
    with readable(where, DAMAGED), open_file(path, where) as file:
        check_beginning(file, where)
        held = HeldFile(path)
        with zipfile.ZipFile(file) as archive:
            if (damaged := archive.testzip()) is not None:
                raise ValueError(f"the sum of {damaged} is another one")
            found = {}
            for info in archive.infolist():
                name = info.filename.removesuffix(".npy")
                if info.compress_type == zipfile.ZIP_STORED:
                    start = _place_of(file, info)
                    found[name] = _array(archive, info, held, start, f"{where}: {name}")
                else:
                    content = HeldBytes(archive.read(info))
                    found[name] = _array(archive, info, content, 0, f"{where}: {name}")
            return found


def _array(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    held: HeldFile | HeldBytes,
    start: int,
    where: str,
) -> StoredArray:
    """Returns the array of a member that begins at `start`."""
    with archive.open(info) as member:
        if member.read(len(MAGIC)) != MAGIC:
            raise UsageError(f"{where} is no .npy array")
        member.seek(0)
        shape, by_columns, dtype = read_header(member)
        found = StoredArray(held, where, start + member.tell(), shape, dtype, by_columns)
    if dtype.hasobject:
        raise UsageError(
            f"{where} is a pickled object, which is never loaded; save plain arrays of numbers"
        )
    if found.end > start + info.file_size:
        raise ValueError("it ends before its numbers do")
    return found


def _place_of(file: IO[bytes], info: zipfile.ZipInfo) -> int:
    """Returns where the content of a member begins."""
    file.seek(info.header_offset)
    header = file.read(struct.calcsize(_LENGTHS))
    return info.header_offset + len(header) + sum(struct.unpack(_LENGTHS, header))
