"""Formats of weights: what is read, and what is refused in which words."""

import sys

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from compare.errors import UsageError
from compare.formats.read.arrays import read_arrays
from tests.support.flax_files import nested, packed
from tests.support.torch_files import saved_by_torch

NAMED = {
    "w1": np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
    "b1": np.array([0.1, -0.0, np.inf], np.float64),
    "w2": np.array([[1.0], [2], [-3]], np.float16),
    "b2": np.array([7]),
}


def read(path):
    return read_arrays(str(path), option="--params")


def npz(path, named):
    np.savez(path, **named)


def pt(path, named):
    path.write_bytes(saved_by_torch({k: torch.tensor(v) for k, v in named.items()}))


def lightning(path, named):
    state = {k: torch.tensor(v) for k, v in named.items()}
    beside = {"epoch": 3, "global_step": 9, "optimizer_states": [{}], "loops": {"a": None}}
    content = {**beside, "state_dict": state, "pytorch-lightning_version": "2.1.0"}
    path.write_bytes(saved_by_torch(content))


def old_pt(path, named):
    tensors = {k: torch.tensor(v) for k, v in named.items()}
    path.write_bytes(saved_by_torch(tensors, _use_new_zipfile_serialization=False))


def sft(path, named):
    safetensors.numpy.save_file(named, path)


def flax(path, named):
    path.write_bytes(packed(nested(named)))


FORMATS = {
    "npz": (npz, "weights.npz", "in_out"),
    "pt": (pt, "weights.pt", "out_in"),
    "pth": (pt, "weights.pth", "out_in"),
    "capitals": (pt, "WEIGHTS.PT", "out_in"),
    "before_torch_1_6": (old_pt, "weights.pt", "out_in"),
    "lightning": (lightning, "epoch=3.ckpt", "out_in"),
    "hugging_face": (pt, "pytorch_model.bin", "out_in"),
    "old_bin": (old_pt, "pytorch_model.bin", "out_in"),
    "safetensors": (sft, "weights.safetensors", "out_in"),
    "safetensors_in_ckpt": (sft, "weights.ckpt", "out_in"),
    "safetensors_in_bin": (sft, "weights.bin", "out_in"),
    "flax": (flax, "weights.msgpack", "in_out"),
}


@pytest.mark.parametrize("name", ["weight", "0.weight", "fc1.Weight", "fc1.weight.grad"])
def test_modules_of_torch_are_out_in_in_its_formats(tmp_path, name):
    for write, file in ((pt, "weights.pt"), (sft, "weights.safetensors")):
        write(tmp_path / file, {name: NAMED["w1"]})
        assert read(tmp_path / file).layout == "out_in"


def test_numbers_of_a_machine_of_the_other_byte_order(tmp_path):
    swapped = {name: array.astype(array.dtype.newbyteorder()) for name, array in NAMED.items()}
    npz(tmp_path / "weights.npz", swapped)
    for name, array in read(tmp_path / "weights.npz").named.items():
        assert array.dtype == NAMED[name].dtype
        np.testing.assert_array_equal(array, NAMED[name])


@pytest.mark.parametrize("case", FORMATS)
def test_every_format(tmp_path, case):
    write, name, likely = FORMATS[case]
    write(tmp_path / name, NAMED)
    found = read(tmp_path / name)
    assert (found.layout, found.likely) == (None, likely)  # w1 may be of either layout
    ordering = {npz: "kept", flax: "kept", sft: "sorted"}
    assert found.ordering == ordering.get(write, "chosen")
    assert sorted(found.named) == sorted(NAMED)
    if found.ordering != "sorted":
        assert list(found.named) == list(NAMED)
    for key, array in NAMED.items():
        assert found.named[key].dtype == array.dtype
        assert found.named[key].tobytes() == array.tobytes()


@pytest.mark.parametrize("case", FORMATS)
@pytest.mark.filterwarnings("error")
def test_a_file_cut_short_anywhere_is_one_sentence(tmp_path, case):
    write, name, _ = FORMATS[case]
    path = tmp_path / name
    write(path, NAMED)
    whole = path.read_bytes()
    cuts = {*range(0, len(whole), max(1, len(whole) // 40)), 1, 2, 4, 8, len(whole) - 1}
    for cut in sorted(cuts):
        path.write_bytes(whole[:cut])
        with pytest.raises(UsageError) as caught:
            read(path)
        assert "\n" not in str(caught.value)
        assert str(caught.value).startswith(f"--params {path}: ")


@pytest.mark.parametrize("case", FORMATS)
@pytest.mark.filterwarnings("error")
def test_a_flipped_byte_is_read_as_other_numbers_or_one_sentence(tmp_path, case):
    write, name, _ = FORMATS[case]
    path = tmp_path / name
    write(path, NAMED)
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 120)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            read(path)
        except UsageError as error:
            assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("case", ["npz", "pt"])
def test_a_flipped_bit_of_a_weight_is_found_where_there_are_checksums(tmp_path, case):
    write, name, _ = FORMATS[case]
    write(tmp_path / name, NAMED)
    whole = (tmp_path / name).read_bytes()
    weight = NAMED["w1"].tobytes()
    assert whole.count(weight) == 1
    (tmp_path / name).write_bytes(whole.replace(weight, weight[:-1] + bytes([weight[-1] ^ 1])))
    with pytest.raises(UsageError, match=r"damaged.*(CRC|checksum)"):
        read(tmp_path / name)


def test_bfloat16_stays_what_it_is(tmp_path):
    exact = np.array([1, -2.5, 3e38], np.float32).astype(ml_dtypes.bfloat16).astype(np.float32)
    tensors = {"w1": torch.tensor(exact).to(torch.bfloat16)}
    torch.save(tensors, tmp_path / "a.pt")
    safetensors.torch.save_file(tensors, tmp_path / "a.safetensors")
    for name in ("a.pt", "a.safetensors"):
        found = read(tmp_path / name).named["w1"]
        assert found.dtype == ml_dtypes.bfloat16
        np.testing.assert_array_equal(found.astype(np.float32), exact)


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        (torch.float8_e4m3fn, "w1: expected real numbers, got dtype F8_E4M3"),
        (torch.bool, "w1: expected real numbers, got dtype BOOL"),
        (torch.complex64, "w1: expected real numbers, got dtype C64"),
    ],
)
def test_dtypes_that_safetensors_has_and_we_do_not(tmp_path, dtype, message):
    safetensors.torch.save_file({"w1": torch.ones(2).to(dtype)}, tmp_path / "a.safetensors")
    with pytest.raises(UsageError, match=message):
        read(tmp_path / "a.safetensors")


@pytest.mark.parametrize("suffix", [".npz", ".pt", ".safetensors", ".bin", ".msgpack"])
def test_files_that_are_not_there(tmp_path, suffix):
    with pytest.raises(UsageError, match=f"a{suffix}: No such file or directory$"):
        read(tmp_path / f"a{suffix}")
    (tmp_path / f"a{suffix}").mkdir()
    with pytest.raises(UsageError, match=f"a{suffix}: Is a directory$"):
        read(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("name", ["a", "a.h5", "a.pt.gz", "npz"])
def test_other_suffixes(tmp_path, name):
    with pytest.raises(UsageError, match=r"a file named \.npz, \.pt, \.pth, \.safetensors, \.ckpt"):
        read(tmp_path / name)


def test_safetensors_that_is_not_installed(tmp_path, monkeypatch):
    sft(tmp_path / "a.safetensors", NAMED)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(UsageError, match=r"not installed; pip install jaxmlp\[safetensors\]"):
        read(tmp_path / "a.safetensors")
