"""Files of torch: what is read, and what is refused in which words."""

import io
import pickle
import warnings

import numpy as np
import pytest
import torch

from compare.errors import UsageError
from compare.formats.read.arrays import read_arrays
from tests.support.torch_files import saved_by_torch


def read(path):
    return read_arrays(str(path), option="--params")


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
