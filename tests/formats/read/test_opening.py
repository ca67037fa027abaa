"""Files that never end, shrink while they are read, or do not fit into memory."""

import os
import re
import threading

import numpy as np
import pytest
import safetensors.numpy
import torch

from compare import files, run
from compare.errors import UsageError
from compare.formats.read.arrays import read_arrays
from compare.formats.read.opening import read_text_file
from compare.options.config import Config
from compare.problem.problem import make_problem

X = np.arange(40, dtype=np.float32).reshape(20, 2)
DEVICES = [
    *(("--params", suffix) for suffix in ("npz", "pt", "safetensors")),
    *(("--data", suffix) for suffix in ("npz", "npy", "csv", "safetensors")),
    *(("--gradients", suffix) for suffix in ("npz", "pt", "safetensors", "dat", "txt")),
]


@pytest.mark.parametrize(("option", "suffix"), DEVICES)
def test_a_device_has_no_end_and_is_not_read(tmp_path, option, suffix):
    path = tmp_path / f"zero.{suffix}"
    path.symlink_to("/dev/zero")
    flags = [f"{option}={path}", f"--out={tmp_path}/out"]
    flags += [] if option == "--params" else ["--layer_sizes=2,3,1"]
    message = re.escape(f"{option} {path}: expected a file, got a device")
    with pytest.raises(UsageError, match=f"^{message}$"):
        run.main(["compare.run", *flags])


def test_nor_by_the_comparison_of_files(tmp_path):
    with pytest.raises(UsageError, match=r"^/dev/zero: expected a file, got a device$"):
        files.main(["compare.files", "/dev/zero", "/dev/zero"])


def test_a_pipe_has_text_but_no_arrays(tmp_path):
    for name in ("pipe.txt", "pipe.npz"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(UsageError, match="expected a file, got a pipe"):
        read_arrays(str(tmp_path / "pipe.npz"), option="--params")
    writer = threading.Thread(target=(tmp_path / "pipe.txt").write_text, args=("1.5\r\n2.5",))
    writer.start()
    assert read_text_file(str(tmp_path / "pipe.txt"), "pipe", at_most=100) == "1.5\n2.5"
    writer.join()


def test_no_more_text_is_read_than_there_may_be(tmp_path):
    with open(tmp_path / "large.txt", "wb") as file:
        file.truncate(2**40)
    with pytest.raises(UsageError, match="at most 1 MiB of text, got 1,048,576 MiB"):
        read_text_file(str(tmp_path / "large.txt"), "large.txt", at_most=2**20)
    flags = ("--layer_sizes=2,3,1", f"--gradients={tmp_path}/large.txt", f"--out={tmp_path}/out")
    with pytest.raises(UsageError, match="at most 16 MiB of text, got 1,048,576 MiB"):
        run.main(["compare.run", *flags])


def write_npy(path):
    np.save(path, X)


def write_columns_first(path):
    np.save(path, np.asfortranarray(X))


def write_safetensors(path):
    safetensors.numpy.save_file({"x": X}, path)


STORED = {
    "npy": ("x.npy", write_npy),
    "columns_first": ("x.npy", write_columns_first),
    "safetensors": ("x.safetensors", write_safetensors),
}


@pytest.mark.parametrize("case", STORED)
def test_a_file_that_shrinks_is_one_sentence_and_no_signal(tmp_path, case):
    name, write = STORED[case]
    write(tmp_path / name)
    config = Config(layer_sizes=(2, 3, 1), samples=None, data=str(tmp_path / name))
    problem = make_problem(config)
    np.testing.assert_array_equal(problem.batch(3, 7).x, X[3:7])
    os.truncate(tmp_path / name, os.path.getsize(tmp_path / name) - 4)
    with pytest.raises(UsageError, match="has become shorter since it was opened"):
        problem.batch(0, 20)
    (tmp_path / name).unlink()  # what is open stays there
    np.testing.assert_array_equal(problem.batch(3, 7).x, X[3:7])


def no_memory(*_, **__):
    raise MemoryError("Unable to allocate 1 GiB")


def no_memory_in_torch(*_, **__):
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")


SHORT = {
    "npz": ("np.lib.format.read_array", no_memory),
    "pt": ("torch.load", no_memory_in_torch),
    "safetensors": ("compare.formats.read.stored_array.np.empty", no_memory),
}


@pytest.mark.parametrize("suffix", SHORT)
def test_a_sound_file_is_not_called_damaged_when_memory_is_short(tmp_path, monkeypatch, suffix):
    named, path = {"w1": np.ones((2, 1)), "b1": np.ones(1)}, tmp_path / f"a.{suffix}"
    if suffix == "npz":
        np.savez(path, **named)
    elif suffix == "pt":
        torch.save({name: torch.tensor(array) for name, array in named.items()}, path)
    else:
        safetensors.numpy.save_file(named, path)
    read_arrays(str(path), option="--params")
    where, fault = SHORT[suffix]
    monkeypatch.setattr(where.replace("np.lib", "numpy.lib"), fault)
    with pytest.raises(UsageError, match=r"there is not enough memory to read it$"):
        read_arrays(str(path), option="--params")


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize("option", ["params", "data"])
def test_names_are_looked_at_before_numbers(tmp_path, monkeypatch, option, suffix):
    named, path = {f"x{i}": np.ones(1) for i in range(30)}, tmp_path / f"a.{suffix}"
    np.savez(path, **named) if suffix == "npz" else safetensors.numpy.save_file(named, path)

    def fail(*_, **__):
        pytest.fail("numbers were read")

    monkeypatch.setattr(np.lib.format, "read_array", fail)
    monkeypatch.setattr("compare.formats.read.stored_array.StoredArray.read_rows", fail)
    sizes = None if option == "params" else (2, 3, 1)
    with pytest.raises(UsageError, match=r"expected .*found x0.* and 10 more"):
        make_problem(Config(layer_sizes=sizes, samples=1, **{option: str(path)}))
