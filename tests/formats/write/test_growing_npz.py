"""Archives that are written a block at a time."""

import io
import itertools
import tracemalloc
import zipfile

import ml_dtypes
import numpy as np
import pytest

from compare.formats.read.npz import read_npz
from compare.formats.read.stored_npz import open_npz
from compare.formats.write.growing_npz import GrowingNpz
from compare.formats.write.npz import write_npz

DTYPES = (np.float16, np.float32, np.float64, ml_dtypes.bfloat16)


def arrays_of(rows, dtype=np.float32):
    rng = np.random.default_rng(rows)
    shapes = {"jax_grad/w1": (3, 2), "jax_grad/b1": (2,), "w2": (1, 7), "loss": ()}
    return {name: rng.normal(size=(rows, *one)).astype(dtype) for name, one in shapes.items()}


def grown(file, arrays, cuts, turn=np.ascontiguousarray, **more):
    """Writes the arrays in the pieces between the cuts."""
    rows = cuts[-1]
    archive = GrowingNpz(file, rows)
    for start, stop in itertools.pairwise(cuts):
        archive.add({name: turn(array[start:stop]) for name, array in arrays.items()})
    archive.finish(**more)


def turned(array):
    """The same rows, the first axis the last one in memory."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 0, -1)), -1, 0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("cuts", [(0, 1), (0, 9), (0, 1, 4, 9), tuple(range(10))])
@pytest.mark.parametrize("turn", [np.ascontiguousarray, turned])
def test_the_bytes_are_those_of_the_whole_arrays(dtype, cuts, turn):
    arrays = arrays_of(cuts[-1], dtype)
    whole, pieces = io.BytesIO(), io.BytesIO()
    write_npz(whole, arrays)
    grown(pieces, arrays, cuts, turn)
    assert pieces.getvalue() == whole.getvalue()


def test_whole_arrays_may_follow():
    arrays, about = arrays_of(5), np.array('{"é": 1}')
    whole, pieces = io.BytesIO(), io.BytesIO()
    write_npz(whole, {**arrays, "about": about})
    grown(pieces, arrays, (0, 2, 5), about=about)
    assert pieces.getvalue() == whole.getvalue()


def test_archives_beyond_four_gigabytes(monkeypatch, tmp_path):
    """Where sizes and places do not fit into 32 bits, here 9, they are in fields of 64."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 511)
    path, arrays, whole = tmp_path / "a.npz", arrays_of(100), io.BytesIO()
    write_npz(whole, arrays)
    with open(path, "wb") as file:
        grown(file, arrays, (0, 64, 100))
    assert path.read_bytes() == whole.getvalue()
    for name, array in open_npz(str(path), option="--baseline").items():
        np.testing.assert_array_equal(array.read_rows(60, 70), arrays[name][60:70])


def test_an_archive_that_lacks_rows_is_never_completed():
    archive = GrowingNpz(io.BytesIO(), 5)
    archive.add(arrays_of(4))
    with pytest.raises(AssertionError):
        archive.finish()


def test_memory_holds_one_block(tmp_path):
    peaks, block = [], arrays_of(2048)
    size = sum(array.nbytes for array in block.values())
    for blocks in (4, 64):
        with open(tmp_path / "a.npz", "wb") as file:
            archive = GrowingNpz(file, 2048 * blocks)
            tracemalloc.start()
            for _ in range(blocks):
                archive.add({name: turned(array) for name, array in block.items()})
            archive.finish()
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < peaks[0] + size / 2 < 4 * size


def test_it_is_read_as_any_archive(tmp_path):
    arrays = arrays_of(7, ml_dtypes.bfloat16)
    with open(tmp_path / "a.npz", "wb") as file:
        grown(file, arrays, (0, 3, 7))
    found = read_npz(str(tmp_path / "a.npz"), option="--gradients")
    assert {name: one.tobytes() for name, one in found.items()} == {
        name: one.tobytes() for name, one in arrays.items()
    }
