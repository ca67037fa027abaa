"""Samples as people save them, larger than memory too."""

import json
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from compare.errors import UsageError
from compare.options.config import Config
from compare.problem.labels import default_labels
from compare.problem.problem import make_problem
from tests.support.bombs import Bomb, pickled

X = np.array([[0.5, 0.25], [1, 2], [3, -4]], np.float32)
Y = np.array([[1], [2], [-0.5]], np.float32)
BOTH = np.hstack([X, Y])
GIB = 2**30


def problem(path, *, sizes=(2, 3, 1), **options):
    return make_problem(Config(layer_sizes=sizes, samples=None, data=str(path), **options))


def everything(found):
    return found.batch(0, found.n_samples)


def text(lines):
    return lambda path: path.write_bytes(lines.encode())


READ = {
    "npz": ("a.npz", lambda path: np.savez(path, x=X, y=Y), Y),
    "npz_x": ("a.npz", lambda path: np.savez(path, x=X), None),
    "npz_float16": ("a.npz", lambda path: np.savez(path, x=X.astype("f2"), y=Y), Y),
    "npy": ("a.npy", lambda path: np.save(path, BOTH), Y),
    "npy_x": ("a.npy", lambda path: np.save(path, X), None),
    "npy_float64": ("a.npy", lambda path: np.save(path, BOTH.astype(float)), Y),
    "npy_float16": ("a.npy", lambda path: np.save(path, BOTH.astype("f2")), Y),
    "npy_big_endian": ("a.npy", lambda path: np.save(path, BOTH.astype(">f8")), Y),
    "npy_columns_first": ("a.npy", lambda path: np.save(path, np.asfortranarray(BOTH)), Y),
    "safetensors": ("a.safetensors", lambda p: safetensors.numpy.save_file({"x": X, "y": Y}, p), Y),
    "safetensors_x": ("a.safetensors", lambda p: safetensors.numpy.save_file({"x": X}, p), None),
    "safetensors_flat_y": (
        "a.safetensors",
        lambda path: safetensors.numpy.save_file({"x": X.astype(float), "y": Y[:, 0].copy()}, path),
        Y,
    ),
    "safetensors_bfloat16": (
        "a.safetensors",
        lambda path: safetensors.torch.save_file(
            {"x": torch.tensor(X).to(torch.bfloat16), "y": torch.tensor(Y)}, path
        ),
        Y,
    ),
    "csv": ("a.csv", text("0.5,0.25,1\n1,2,2\n3,-4,-.5\n"), Y),
    "csv_x": ("a.csv", text("0.5,0.25\n1,2\n3,-4\n"), None),
    "csv_no_last_line_end": ("a.CSV", text("0.5,0.25\n1,2\n3,-4"), None),
    "csv_header": ("a.csv", text("a,b,c\n0.5,0.25,1\n1,2,2\n3,-4,-5e-1\n"), Y),
    "csv_label_first": ("a.csv", text("label,a,b\n1,0.5,0.25\n2,1,2\n-.5,3,-4\n"), Y),
    "csv_label_between": ("a.csv", text("x1,Target,x2\n.5,1,.25\n1,2,2\n3,-.5,-4\n"), Y),
    "csv_savetxt": ("a.csv", text("# y,x1,x2\n1,.5,.25\n2,1,2\n-.5,3,-4\n"), Y),
    "csv_quotes": ("a.csv", text('"x1","x2","y"\n"0.5","0.25","1"\n1,2,2\n3,-4,-.5\n'), Y),
    "csv_windows": ("a.csv", text("\ufeffx1,x2,y\r\n0.5,0.25,1\r\n1,2,2\r\n3,-4,-.5\r\n"), Y),
    "csv_byte_order_mark": ("a.csv", text("\ufeff0.5,0.25\n1,2\n3,-4\n"), None),
    "csv_spaces": ("a.csv", text(" x1, x2, y \n\n 0.5, 0.25 ,1\n  \n1, 2, 2\n3,-4,-.5\n\n"), Y),
}


@pytest.mark.parametrize("case", READ)
def test_every_format(tmp_path, case):
    name, write, y = READ[case]
    write(tmp_path / name)
    found = problem(tmp_path / name)
    assert found.n_samples == 3
    for start, stop in ((0, 3), (1, 2), (2, 3)):
        batch = found.batch(start, stop)
        expected = default_labels(X, 1) if y is None else y
        for array, true in ((batch.x, X), (batch.y, expected)):
            assert array.dtype == np.float32
            assert not array.flags.writeable
            np.testing.assert_array_equal(array, true[start:stop])


def test_two_labels(tmp_path):
    (tmp_path / "a.csv").write_text("y_2,x,y1\n1,2,3\n")
    batch = everything(problem(tmp_path / "a.csv", sizes=(1, 2)))
    assert (batch.x.tolist(), batch.y.tolist()) == ([[2]], [[1, 3]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_decimal_text_is_read_into_the_dtype(tmp_path, dtype):
    (tmp_path / "a.csv").write_text("0.1,1e-3\nnan,-inf\n")
    x = everything(problem(tmp_path / "a.csv", dtype=dtype)).x
    np.testing.assert_array_equal(x, np.array([[0.1, 1e-3], [np.nan, -np.inf]], dtype))


@pytest.mark.parametrize("name", ["a.npz", "a.npy", "a.safetensors"])
def test_cast_rounds_and_nothing_else_does(tmp_path, name):
    x = np.array([[0.5, 0.25], [0.1, 0.5]])
    path = tmp_path / name
    if name == "a.npz":
        np.savez(path, x=x)
    elif name == "a.npy":
        np.save(path, x)
    else:
        safetensors.numpy.save_file({"x": x}, path)
    with pytest.raises(UsageError, match=r"x.*its float64 values .*--dtype=float64, or --cast"):
        everything(problem(path))
    np.testing.assert_array_equal(everything(problem(path, cast=True)).x, x.astype(np.float32))
    np.testing.assert_array_equal(everything(problem(path, dtype="float64")).x, x)


def sparse_npy(path, rows):
    array = np.lib.format.open_memmap(path, "w+", np.float64, (rows, 3))
    array[-2:] = [[1, 2, 3], [4, 5, 6]]
    array.flush()


def sparse_safetensors(path, rows):
    sizes = {"x": [rows, 2], "y": [rows, 1]}
    header, end = {}, 0
    for name, shape in sizes.items():
        start, end = end, end + 8 * shape[0] * shape[1]
        header[name] = {"dtype": "F64", "shape": shape, "data_offsets": [start, end]}
    encoded = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(encoded).to_bytes(8, "little") + encoded)
        first = file.tell()
        file.truncate(first + end)
        file.seek(first + header["x"]["data_offsets"][1] - 32)
        file.write(np.array([1, 2, 4, 5.0]).tobytes())
        file.seek(first + end - 16)
        file.write(np.array([3, 6.0]).tobytes())


@pytest.mark.parametrize(
    ("name", "write"), [("a.npy", sparse_npy), ("a.safetensors", sparse_safetensors)]
)
def test_a_file_larger_than_memory_is_read_in_pieces(tmp_path, name, write):
    rows = 8 * GIB // 24
    write(tmp_path / name, rows)
    tracemalloc.start()
    try:
        found = problem(tmp_path / name)
        assert found.n_samples == rows
        assert found.batch(0, 1024).x.shape == (1024, 2)
        last = found.batch(rows - 2, rows)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (last.x.tolist(), last.y.tolist()) == ([[1, 2], [4, 5]], [[3], [6]])
    assert most < 2**22


def test_numbers_are_checked_where_they_are_read(tmp_path):
    x = np.full((5000, 2), 0.5)
    x[4000] = 0.1
    np.save(tmp_path / "a.npy", x)
    found = problem(tmp_path / "a.npy")
    found.batch(0, 1024)
    with pytest.raises(UsageError, match=r"a\.npy: x of samples 3072 to 4095: its float64 values"):
        found.batch(3072, 4096)


BAD = {
    "npy_columns": ("a.npy", lambda path: np.save(path, np.ones((3, 4))), r"2 columns .*\[3, 4\]"),
    "npy_flat": ("a.npy", lambda path: np.save(path, np.ones(3)), r"or 3 .* shape \[3\]"),
    "npy_empty": ("a.npy", lambda path: np.save(path, np.ones((0, 2))), r"x .*got \[0, 2\]"),
    "npy_text": ("a.npy", lambda path: np.save(path, np.full((1, 2), "a")), "got dtype <U1"),
    "npy_magic": ("a.npy", text("1,2"), "expected a .npy file, as numpy.save writes it"),
    "npy_nothing": ("a.npy", text(""), "expected a .npy file"),
    "npy_npz": ("a.npy", lambda p: np.savez(p.open("wb"), x=X), "expected a .npy file"),
    "npy_folder": ("a.npy", lambda path: path.mkdir(), "Is a directory"),
    "csv_folder": ("a.csv", lambda path: path.mkdir(), "Is a directory"),
    "csv_missing": ("a.csv", lambda path: None, "No such file"),
    "safetensors_names": (
        "a.safetensors",
        lambda path: safetensors.numpy.save_file({"X": X}, path),
        "expected the array x .* found X",
    ),
    "safetensors_shape": (
        "a.safetensors",
        lambda path: safetensors.numpy.save_file({"x": X, "y": Y[:2].copy()}, path),
        r"expected y of shape \[3, 1\]",
    ),
    "safetensors_bool": (
        "a.safetensors",
        lambda path: safetensors.numpy.save_file({"x": X > 0}, path),
        "x: expected real numbers, got dtype BOOL",
    ),
    "pt": ("a.pt", text(""), r"expected a file named \.npz, \.npy, \.csv, \.safetensors, got \.pt"),
    "no_suffix": ("a", text(""), "got no suffix"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_bad_data(tmp_path, case):
    name, write, message = BAD[case]
    write(tmp_path / name)
    with pytest.raises(UsageError, match=message) as caught:
        problem(tmp_path / name)
    assert str(caught.value).startswith(f"--data {tmp_path}/{name}: ")


@pytest.mark.parametrize("case", ["npy", "npy_x", "npz", "safetensors"])
def test_a_file_cut_short_anywhere_is_one_sentence(tmp_path, case):
    name, write, _ = READ[case]
    path = tmp_path / name
    write(path)
    whole = path.read_bytes()
    for cut in (*range(0, len(whole), 7), len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(UsageError) as caught:
            problem(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["a.npy", "a.npz", "object.npy", "object.npz", "a.csv", "a.safetensors"]
)
def test_a_pickle_bomb_does_not_go_off(tmp_path, name):
    import pickle

    path, harm = tmp_path / name, tmp_path / "harm"
    if name == "object.npy":
        np.save(path, pickled(harm))
    elif name == "object.npz":
        np.savez(path, x=pickled(harm))
    else:
        path.write_bytes(pickle.dumps(Bomb(harm)))
    with pytest.raises(UsageError, match="never loaded" if "object" in name else name):
        problem(path)
    assert not harm.exists()
