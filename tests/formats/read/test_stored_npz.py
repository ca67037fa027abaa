"""Archives of which rows are read when they are asked for."""

import contextlib
import struct
import zipfile

import numpy as np
import pytest

from compare.errors import UsageError
from compare.formats.read.stored_npz import open_npz

RNG = np.random.default_rng(0)
ARRAYS = {
    "w1": RNG.normal(size=(9, 3, 2)).astype(np.float32),
    "by_columns": np.asfortranarray(RNG.normal(size=(9, 4))),
    "of_another_machine": RNG.normal(size=(9, 2)).astype(">f8"),
    "text": np.array('{"a": 1}'),
    "no_row": np.zeros((0, 2)),
}


def opened(path):
    return open_npz(str(path), option="--baseline")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_rows_are_those_that_numpy_reads(tmp_path, save):
    path = tmp_path / "a.npz"
    save(path, **ARRAYS)
    found = opened(path)
    assert set(found) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert (found[name].shape, found[name].dtype) == (array.shape, array.dtype)
        np.testing.assert_array_equal(found[name].read(), array)
        if array.ndim:
            for start, stop in ((0, 0), (0, 1), (2, 7), (8, 9)):
                rows = found[name].read_rows(*(min(end, len(array)) for end in (start, stop)))
                np.testing.assert_array_equal(rows, array[start:stop])


def test_a_file_that_is_replaced_is_read_as_it_was(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.arange(5))
    found = opened(path)
    np.savez(tmp_path / "b.npz", a=np.zeros(5, int))
    (tmp_path / "b.npz").replace(path)
    np.testing.assert_array_equal(found["a"].read(), np.arange(5))


def test_a_file_that_shrinks_is_told(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.arange(5000))
    found = opened(path)
    path.write_bytes(path.read_bytes()[:999])
    with pytest.raises(UsageError, match=r"^--baseline .*: a: the file has become shorter since"):
        found["a"].read_rows(4000, 5000)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_byte_that_is_changed_is_noticed(tmp_path, save):
    path, numbers = tmp_path / "a.npz", RNG.normal(size=30)
    save(path, a=numbers)
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        path.write_bytes(changed)
        with contextlib.suppress(UsageError):
            (found,) = opened(path).values()
            np.testing.assert_array_equal(found.read(), numbers)


@pytest.mark.parametrize("kept", [0, 3, 10, 200, -1, -22])
def test_an_archive_that_is_cut_short_is_refused(tmp_path, kept):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.arange(50))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UsageError, match=r"expected a \.npz archive|damaged, cut short"):
        opened(path)


def header_of(shape, descr="<f8"):
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello", "a is no .npy array"),
        (header_of((3,)) + bytes(23), "it ends before its numbers do"),
        (header_of((3,), "|O") + bytes(24), "a is a pickled object, which is never loaded"),
        (header_of((10**18,)), "it ends before its numbers do"),
    ],
)
def test_members_that_are_no_arrays(tmp_path, compression, content, said):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("a.npy", content)
        archive.writestr("b.npy", header_of((1,)) + bytes(8))  # what follows is of another
    with pytest.raises(UsageError, match=rf"^--baseline {path}: .*{said}"):
        opened(path)
