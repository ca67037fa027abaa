"""Weights as people save them: names, layouts, shapes and precisions."""

import json

import numpy as np
import pytest
import safetensors.numpy
import torch

from compare.errors import UsageError
from compare.formats.read.params import find_params, read_params
from jaxmlp import init_params

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
PARAMS = init_params(np.random.default_rng(0), (2, 5, 4, 1))
(W1, B1), (W2, B2), (W3, B3) = PARAMS


def read(path, *, layout="in_out", dtype=F32, cast=False):
    """The most likely reading."""
    return read_params(str(path), layout=layout, dtype=dtype, cast=cast).found[0].params


def save(path, named):
    if path.suffix == ".npz":
        np.savez(path, **named)
    elif path.suffix == ".pt":
        torch.save({k: torch.tensor(np.ascontiguousarray(v)) for k, v in named.items()}, path)
    elif path.suffix == ".json":
        path.write_text(json.dumps({"epoch": 3, **{k: v.tolist() for k, v in named.items()}}))
    elif path.suffix == ".csv":
        lines = ["name,i,j,value"]
        for name, array in named.items():
            for at, value in np.ndenumerate(array):
                lines.append(",".join(map(str, (name, *[""] * (2 - len(at)), *at, value))))
        path.write_text("\n".join(lines))
    else:
        contiguous = {k: np.ascontiguousarray(v) for k, v in named.items()}
        safetensors.numpy.save_file(contiguous, path)


def check_same(found, expected=PARAMS):
    assert len(found) == len(expected)
    for (w, b), (true_w, true_b) in zip(found, expected, strict=True):
        assert w.flags.c_contiguous
        assert w.dtype == true_w.dtype
        np.testing.assert_array_equal(w, true_w)
        np.testing.assert_array_equal(b, true_b)


SAVED = {
    "npz": ("a.npz", {"w1": W1, "b1": B1, "w2": W2, "b2": B2, "w3": W3, "b3": B3}),
    "json": ("a.json", {"w1": W1, "b1": B1, "w2": W2, "b2": B2, "w3": W3, "b3": B3}),
    "csv": ("a.csv", {"w1": W1, "b1": B1, "w2": W2, "b2": B2, "w3": W3, "b3": B3}),
    "npz_out_of_order": ("a.npz", {"b3": B3, "w2": W2, "b1": B1, "w3": W3, "b2": B2, "w1": W1}),
    "npz_of_words": (
        "a.npz",
        {"in_w": W1, "in_b": B1, "hid_w": W2, "hid_b": B2, "out_w": W3, "out_b": B3},
    ),
    "flax": (
        "a.npz",
        {f"Dense_{i}/{k}": v for i, p in enumerate(PARAMS) for k, v in p._asdict().items()},
    ),
    "keystr": (
        "a.npz",
        {
            f"['params']['Dense_{i}']['{k}']": v
            for i, (w, b) in enumerate(PARAMS)
            for k, v in (("kernel", w), ("bias", b))
        },
    ),
    "torch": (
        "a.pt",
        {"0.weight": W1.T, "0.bias": B1, "2.weight": W2.T, "2.bias": B2, "4.weight": W3.T}
        | {"4.bias": B3},
    ),
    "torch_words": (
        "a.pt",
        {"input.weight": W1.T, "input.bias": B1, "hidden.weight": W2.T, "hidden.bias": B2}
        | {"output.weight": W3.T, "output.bias": B3},
    ),
    "safetensors": (
        "a.safetensors",
        {"fc1.weight": W1.T, "fc1.bias": B1, "fc2.weight": W2.T, "fc2.bias": B2}
        | {"fc3.weight": W3.T, "fc3.bias": B3},
    ),
    "safetensors_words": (
        "a.safetensors",
        {"input.weight": W1.T, "input.bias": B1, "hidden.weight": W2.T, "hidden.bias": B2}
        | {"output.weight": W3.T, "output.bias": B3},
    ),
    "flax_in_safetensors": (
        "a.safetensors",
        {f"d{i}.{name}": v for i, p in enumerate(PARAMS) for name, v in zip(("kernel", "bias"), p)},  # noqa: B905
    ),
    "bias_as_row_or_column": (
        "a.npz",
        {"w1": W1, "b1": B1[None], "w2": W2, "b2": B2[:, None], "w3": W3, "b3": B3[None]},
    ),
}


@pytest.mark.parametrize("case", SAVED)
def test_however_they_were_saved(tmp_path, case):
    name, named = SAVED[case]
    save(tmp_path / name, named)
    check_same(read(tmp_path / name))


def test_a_network_that_torch_trained(tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Tanh(), torch.nn.Linear(3, 3))
    torch.save(model.state_dict(), tmp_path / "a.pt")
    for layout in ("in_out", "out_in"):  # of .npz files; a state_dict needs no telling
        found = read(tmp_path / "a.pt", layout=layout)
        x = np.arange(3, dtype=np.float32)
        (w1, b1), (w2, b2) = found
        expected = model(torch.tensor(x)).detach().numpy()
        np.testing.assert_allclose(np.tanh(x @ w1 + b1) @ w2 + b2, expected, rtol=1e-5)


@pytest.mark.parametrize("layout", ["in_out", "out_in"])
def test_a_kernel_in_an_npz_is_in_out(tmp_path, layout):
    save(tmp_path / "a.npz", {"kernel": W1, "bias": B1})
    check_same(read(tmp_path / "a.npz", layout=layout), PARAMS[:1])


@pytest.mark.parametrize("name", ["a.npz", "a.pt", "a.safetensors"])
def test_float64_is_not_rounded_silently(tmp_path, name):
    wide = [(w.astype(np.float64) / 3, b.astype(np.float64) / 3) for w, b in PARAMS]
    transposed = {f"fc{i}.weight": w.T for i, (w, _) in enumerate(wide)}
    if name == "a.npz":
        transposed = {k: w.T for k, w in transposed.items()}
    save(tmp_path / name, transposed | {f"fc{i}.bias": b for i, (_, b) in enumerate(wide)})
    with pytest.raises(UsageError, match=r"fc0.*: its float64 .*--dtype=float64, or --cast"):
        read(tmp_path / name)
    check_same(read(tmp_path / name, dtype=F64), wide)
    narrow = [(w.astype(np.float32), b.astype(np.float32)) for w, b in wide]
    check_same(read(tmp_path / name, cast=True), narrow)


def test_the_other_layout_is_hinted_at(tmp_path):
    named = {"fc1.weight": W1, "fc1.bias": B1, "fc2.weight": W2, "fc2.bias": B2}
    for name in ("a.pt", "a.safetensors"):
        save(tmp_path / name, named)
        message = (
            r"read as out_in: b1: .* other layout, \[n_in, n_out\]; transpose them, or save them "
            r"as .npz and pass --layout=in_out; found .*fc1.weight \[2, 5\]"
        )
        with pytest.raises(UsageError, match=message):
            read(tmp_path / name)
    save(tmp_path / "a.npz", named)
    with pytest.raises(
        UsageError, match=r"read as out_in: .* other layout, --layout=in_out; found"
    ):
        read(tmp_path / "a.npz", layout="out_in")


def test_a_convolution_is_refused_by_its_own_shape(tmp_path):
    torch.save(torch.nn.Conv2d(3, 8, (5, 7)).state_dict(), tmp_path / "a.pt")
    with pytest.raises(UsageError, match=r"w1: expected a matrix .*, got shape \(8, 3, 5, 7\);"):
        read(tmp_path / "a.pt")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[[[1.0]], [2.0]]", "expected arrays of different names, found one without$"),
        ('{"w": [[1.0]]}{"w": [[1.0]]}', "expected arrays of different names, found w twice$"),
        ('{"w": [[1.0]]', "no JSON"),
        ('{"w": [[1.0]], "b": [1e39]}', r"b: 1e\+39 is beyond the largest float32"),
        ('{"w": [[1.0]], "b": [NaN]}', "b has entries that are not finite"),
        ('{"weights": [[[1.0]], [[1.0]]], "biases": [[1.0]]}', "w1: expected a matrix"),
    ],
)
def test_bad_params_as_text(tmp_path, content, message):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(UsageError, match=message) as caught:
        read(tmp_path / "a.json")
    assert str(caught.value).startswith(f"--params {tmp_path / 'a.json'}")


@pytest.mark.parametrize(
    ("names", "biases", "words"),
    [
        ("w1 w2 w3", (False, False, False), "w1 w2 w3 (in_out), without biases"),
        ("w1 b1 w2 w3 b3", (True, False, True), "w1 b1 w2 w3 b3 (in_out), no bias in layer 2"),
        ("w1 w2 b2 w3", (False, True, False), "w1 w2 b2 w3 (in_out), no bias in layers 1 3"),
    ],
)
@pytest.mark.parametrize("layout", ["in_out", None])
def test_layers_without_a_bias(names, biases, words, layout):
    leaves = {f"{'wb'[j]}{i}": v for i, p in enumerate(PARAMS, 1) for j, v in enumerate(p)}
    (found,) = find_params({k: leaves[k] for k in names.split()}, layout=layout, where="a").found
    assert (found.reading.biases, found.reading.words) == (biases, words)
    expected = [
        (w, b if has else np.zeros_like(b)) for (w, b), has in zip(PARAMS, biases, strict=True)
    ]
    check_same(found.params, expected)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"w1": W1, "b1": B1, "w2": W3, "b2": B3}, r"w2: expected n_in = 5.*found .*w1 \["),
        ({"w1": W1, "b1": B1[None, None]}, r"b1: expected shape \(5,\)"),
        ({"w1": B1, "b1": B1}, "w1: expected a matrix"),
        ({"w1": W1[0, 0], "b1": B1}, "w1: expected a matrix"),
        ({"w1": W1, "b1": np.full(5, np.nan)}, "b1 has entries that are not finite"),
        ({"w1": W1, "b1": np.full(5, 1e39)}, r"b1: 1e\+39 is beyond the largest float32"),
        ({"w1": W1, "b1": B1, "b2": B2}, "expected a weight for every layer, a bias where it has"),
        ({}, "found no array"),
    ],
)
@pytest.mark.parametrize("suffix", [".npz", ".pt", ".safetensors"])
def test_bad_params(tmp_path, named, message, suffix):
    if suffix != ".npz":
        named = {k: v.T for k, v in named.items()}
    save(tmp_path / f"a{suffix}", named)
    with pytest.raises(UsageError, match=message) as caught:
        read(tmp_path / f"a{suffix}", cast=True, layout="in_out" if suffix == ".npz" else None)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("biases", [True, False])
def test_layers_of_one_size_may_stand_in_one_array(tmp_path, biases):
    rng = np.random.default_rng(0)
    stacked = {"weights": rng.normal(size=(3, 2, 2)), "biases": rng.normal(size=(3, 2))}
    if not biases:
        del stacked["biases"]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({name: array.tolist() for name, array in stacked.items()}))
    read = read_params(str(path), layout="in_out", dtype=np.dtype(np.float64)).found[0]
    assert tuple(read.reading.biases) == (biases,) * 3
    for i, (w, b) in enumerate(read.params):
        np.testing.assert_array_equal(w, stacked["weights"][i])
        np.testing.assert_array_equal(b, stacked["biases"][i] if biases else [0, 0])
