"""Formats of weights: what is read, and what is refused in which words."""

import io
import pickle
import sys
import warnings

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from compare.errors import UsageError
from compare.formats.read.arrays import read_arrays
from tests.support.bombs import Bomb, pickled

NAMED = {
    "w1": np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
    "b1": np.array([0.1, -0.0, np.inf], np.float64),
    "w2": np.array([[1.0], [2], [-3]], np.float16),
    "b2": np.array([7]),
}


def read(path):
    return read_arrays(str(path), option="--params")


def saved_by_torch(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def npz(path, named):
    np.savez(path, **named)


def pt(path, named):
    path.write_bytes(saved_by_torch({k: torch.tensor(v) for k, v in named.items()}))


def old_pt(path, named):
    tensors = {k: torch.tensor(v) for k, v in named.items()}
    path.write_bytes(saved_by_torch(tensors, _use_new_zipfile_serialization=False))


def sft(path, named):
    safetensors.numpy.save_file(named, path)


FORMATS = {
    "npz": (npz, "weights.npz", None),
    "pt": (pt, "weights.pt", "out_in"),
    "pth": (pt, "weights.pth", "out_in"),
    "capitals": (pt, "WEIGHTS.PT", "out_in"),
    "before_torch_1_6": (old_pt, "weights.pt", "out_in"),
    "safetensors": (sft, "weights.safetensors", "out_in"),
}


@pytest.mark.parametrize("case", FORMATS)
def test_every_format(tmp_path, case):
    write, name, layout = FORMATS[case]
    write(tmp_path / name, NAMED)
    found = read(tmp_path / name)
    assert found.layout == layout
    assert found.ordered == (case != "safetensors")
    assert sorted(found.named) == sorted(NAMED)
    if found.ordered:
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


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_a_checkpoint_holds_a_state_dict(tmp_path, key):
    model = torch.nn.Linear(2, 3)
    optimizer = torch.optim.Adam(model.parameters()).state_dict()
    torch.save({"epoch": 3, "optimizer": optimizer, key: model.state_dict()}, tmp_path / "a.pt")
    found = read(tmp_path / "a.pt").named
    assert list(found) == ["weight", "bias"]
    np.testing.assert_array_equal(found["weight"], model.weight.detach())


def test_parameters_and_views_are_tensors_too(tmp_path):
    matrix = torch.arange(6.0).reshape(2, 3)
    values = {"a": torch.nn.Parameter(matrix), "b": matrix.T, "c": matrix[0, 1:]}
    torch.save(values, tmp_path / "a.pt")
    found = read(tmp_path / "a.pt").named
    for name, tensor in values.items():
        np.testing.assert_array_equal(found[name], tensor.detach())


def quantized():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8)


def script():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        buffer = io.BytesIO()
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 3)), buffer)
        return buffer.getvalue()


def an_npz():
    buffer = io.BytesIO()
    np.savez(buffer, w1=np.ones(3))
    return buffer.getvalue()


HOW = r"save its weights: torch\.save\(model\.state_dict\(\), 'weights\.pt'\)"
BAD_PT = {
    "module": (
        lambda: saved_by_torch(torch.nn.Linear(2, 3)),
        r"Linear, which is never loaded because that could run code.*" + HOW,
    ),
    "old_module": (
        lambda: saved_by_torch(torch.nn.Linear(2, 3), _use_new_zipfile_serialization=False),
        r"Linear, which is never loaded.*" + HOW,
    ),
    "numpy_scalar": (
        lambda: saved_by_torch({"loss": np.float64(1), "state_dict": {}}),
        r"a Python object, numpy\S*scalar, which is never loaded.* code; save tensors instead$",
    ),
    "numpy_arrays": (
        lambda: saved_by_torch({"w1": np.ones((2, 3))}),
        r"a Python object, numpy\S*, which is never loaded.* code; save tensors instead$",
    ),
    "script": (script, "TorchScript archive.*" + HOW),
    "empty": (lambda: b"", "it is empty"),
    "noise": (lambda: bytes(range(256)), "damaged, cut short or of an unknown kind$"),
    "text": (lambda: b"w1 1 2 3\n", "expected a state_dict .* got text; " + HOW),
    "page": (lambda: b"\n<!DOCTYPE html>\n<p>404", "got a web page; download the file itself$"),
    "git_lfs": (
        lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        "got a git-lfs pointer; get the file itself with git lfs pull$",
    ),
    "pickle": (lambda: pickle.dumps({"w1": torch.ones(3)}), "got a plain pickle, never .*" + HOW),
    "old_pickle": (lambda: pickle.dumps({"w1": [1.0]}, 2), "expected a state_dict .* a plain pic"),
    "npz": (an_npz, r"got a zip archive; if it is an \.npz file, name it so$"),
    "tensor": (lambda: saved_by_torch(torch.ones(3)), "state_dict of tensors.*found Tensor"),
    "list": (lambda: saved_by_torch([torch.ones(3)]), "found list"),
    "not_tensors": (
        lambda: saved_by_torch({"w1": torch.ones(3), "epoch": 3, "lr": 0.1}),
        r"found epoch \(int\), lr \(float\)",
    ),
    "not_names": (lambda: saved_by_torch({1: torch.ones(3)}), "names that are no text"),
    "two_state_dicts": (
        lambda: saved_by_torch({"model": {}, "state_dict": {}}),
        "expected one state_dict, found 2",
    ),
    "sparse": (lambda: saved_by_torch({"w": torch.eye(3).to_sparse()}), "w: .* got a sparse one"),
    "quantized": (lambda: saved_by_torch({"w": quantized()}), "w: .* got a quantized one"),
    "packed": (
        lambda: saved_by_torch(
            {"w": torch.ones(2, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)}
        ),
        r"w: expected real numbers, got dtype torch\.float4",
    ),
    "meta": (lambda: saved_by_torch({"w": torch.ones(3, device="meta")}), "got a meta one"),
}


@pytest.mark.parametrize("case", BAD_PT)
def test_bad_pt(tmp_path, case):
    make, message = BAD_PT[case]
    path = tmp_path / "a.pt"
    path.write_bytes(make())
    with pytest.raises(UsageError, match=message) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"--params {path}: ")
    assert "weights_only" not in str(caught.value)  # torch's advice is to trust the file


NAMED_BOMB = r"it holds a Python object, posix\.mkdir, which is never loaded because"
BOMBS = {
    "torch": ("a.pt", lambda bomb: saved_by_torch({"w1": bomb}), NAMED_BOMB),
    "torch_old": (
        "a.pt",
        lambda bomb: saved_by_torch(bomb, _use_new_zipfile_serialization=False),
        NAMED_BOMB,
    ),
    "pickle": ("a.pt", pickle.dumps, "got a plain pickle, never loaded"),
    "pickle_protocol_0": ("a.pt", lambda bomb: pickle.dumps(bomb, 0), NAMED_BOMB),
    "pickle_protocol_2": ("a.pth", lambda bomb: pickle.dumps({"w1": bomb}, 2), NAMED_BOMB),
    "pickle_as_npz": ("a.npz", pickle.dumps, "expected a .npz archive"),
    "pickle_as_safetensors": ("a.safetensors", pickle.dumps, "damaged"),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_pickle_bomb_does_not_go_off(tmp_path, case):
    name, make, words = BOMBS[case]
    (tmp_path / name).write_bytes(make(Bomb(tmp_path / "harm")))
    with pytest.raises(UsageError, match=words):
        read(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_pickle_bomb_in_an_npz_does_not_go_off(tmp_path):
    np.savez(tmp_path / "a.npz", w1=pickled(tmp_path / "harm"))
    with pytest.raises(UsageError, match="w1 is a pickled object, which is never loaded"):
        read(tmp_path / "a.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_the_bombs_are_live(tmp_path):
    pickle.loads(pickle.dumps(Bomb(tmp_path / "harm")))
    assert (tmp_path / "harm").exists()


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


@pytest.mark.parametrize("suffix", [".npz", ".pt", ".safetensors"])
def test_files_that_are_not_there(tmp_path, suffix):
    with pytest.raises(UsageError, match=f"a{suffix}: No such file or directory$"):
        read(tmp_path / f"a{suffix}")
    (tmp_path / f"a{suffix}").mkdir()
    with pytest.raises(UsageError, match=f"a{suffix}: Is a directory$"):
        read(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("name", ["a", "a.h5", "a.pt.gz", "npz"])
def test_other_suffixes(tmp_path, name):
    with pytest.raises(UsageError, match=r"a file named \.npz, \.pt, \.pth, \.safetensors, got"):
        read(tmp_path / name)


def test_safetensors_that_is_not_installed(tmp_path, monkeypatch):
    sft(tmp_path / "a.safetensors", NAMED)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(UsageError, match=r"not installed; pip install jaxmlp\[safetensors\]"):
        read(tmp_path / "a.safetensors")
