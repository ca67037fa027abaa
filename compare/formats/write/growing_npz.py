"""`.npz` archives whose arrays grow side by side, and of which memory holds one block at a time.

How long the arrays will be is known from the start, and so is where each of their rows belongs in
the archive: it is written there. The bytes are those of `numpy.savez`, had it had the whole arrays.
"""

import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO

import numpy as np

from compare.formats.ours import sign_archive
from compare.formats.write.npz import as_numpy_knows


class GrowingNpz:
    """An archive of arrays with as many rows each, which are added a block after another."""

    def __init__(self, file: IO[bytes], rows: int) -> None:
        """Takes an empty file, and how many rows all blocks have together."""
        self._file, self._rows = file, rows
        self._members: dict[str, _Member] = {}
        self._note: Mapping[str, np.ndarray] = {}  # what readers must know of them
        self._end = 0  # of the last member

    def add(self, block: Mapping[str, np.ndarray]) -> None:
        """Writes the next rows of all arrays; every block has the same names and dtypes."""
        arrays, self._note = as_numpy_knows(block)
        if not self._members:
            for name, array in arrays.items():
                self._make_room(name, array)
        for name, array in arrays.items():
            self._members[name].write(self._file, array)

    def finish(self, **more: np.ndarray) -> None:
        """Adds whole arrays behind the others, and makes a signed archive of all of them."""
        for member in self._members.values():
            member.write_header(self._file)
        self._file.seek(0)
        with zipfile.ZipFile(self._file, "w") as archive:
            archive.start_dir = self._end  # where it goes on
            archive.filelist.extend(member.info for member in self._members.values())
            for name, array in {**self._note, **more}.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)
        sign_archive(self._file)
        self._file.flush()

    def _make_room(self, name: str, array: np.ndarray) -> None:
        """Settles where an array lies, behind those that are settled."""
        shape = (self._rows, *array.shape[1:])
        self._members[name] = member = _Member(name, self._end, shape, array.dtype)
        self._end = member.end


class _Member:
    """An array in an archive: where it lies, and how much of it is written."""

    def __init__(self, name: str, start: int, shape: tuple[int, ...], dtype: np.dtype) -> None:
        header = io.BytesIO()
        kind = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False}
        np.lib.format.write_array_header_1_0(header, {**kind, "shape": shape})
        self._header = header.getvalue()
        self.info = zipfile.ZipInfo(f"{name}.npy")
        self.info.header_offset = start
        self.info.external_attr = 0o600 << 16  # as of all that `zipfile` writes from memory
        size = len(self._header) + math.prod(shape) * dtype.itemsize
        self.info.file_size = self.info.compress_size = size
        self.info.CRC = zlib.crc32(self._header)
        self._next = start + len(self.info.FileHeader(zip64=True)) + len(self._header)
        self.end = self._next - len(self._header) + size

    def write(self, file: IO[bytes], array: np.ndarray) -> None:
        """Writes an array, or the next rows of it."""
        content = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        self.info.CRC = zlib.crc32(content, self.info.CRC)
        file.seek(self._next)
        file.write(content)
        self._next += len(content)

    def write_header(self, file: IO[bytes]) -> None:
        """Writes what stands before the numbers, once all of them are there."""
        assert self._next == self.end
        file.seek(self.info.header_offset)
        file.write(self.info.FileHeader(zip64=True) + self._header)
