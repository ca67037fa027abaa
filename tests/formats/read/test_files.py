"""Files of every kind: what is written is read back, and what is damaged is read or refused."""

import io
import itertools
import json

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import safetensors.numpy
import torch
from hypothesis.extra import numpy as hnp

from compare.errors import UsageError
from compare.formats.read.files import read_numbers
from compare.formats.read.gradients.expected import expect_gradients
from compare.formats.read.gradients.files import read_gradients
from compare.formats.read.params import read_params
from compare.formats.write.dump import COLUMNS, HEADER, text_lines
from compare.formats.write.params import write_params
from jaxmlp import Layer, init_params
from tests.support.flax_files import nested, packed
from tests.support.torch_files import saved_by_torch

F32 = np.dtype(np.float32)


def npy(named):
    buffer = io.BytesIO()
    np.save(buffer, next(iter(named.values())))
    return buffer.getvalue()


def npz(named):
    buffer = io.BytesIO()
    np.savez(buffer, **named)
    return buffer.getvalue()


def tensors(named):
    return {name: torch.tensor(array) for name, array in named.items()}


def table(named):
    lines = ["name,row,column,value"]
    for name, array in named.items():
        for place, value in np.ndenumerate(array):
            lines.append(",".join(map(str, (name, *[""] * (2 - len(place)), *place, value))))
    return "\n".join(lines).encode()


def entries(named):
    lines = []
    for name, array in named.items():
        lines += [f"grad {name}{list(at)} = {value!r}" for at, value in np.ndenumerate(array)]
    return "\n".join(lines).replace("np.float32", "np.float64").encode()


def keystr(named):
    paths = {f"['{name[0]}'].l[{name[1:]}].{name[0]}": array for name, array in named.items()}
    return "\n".join(f"{path}: {array.tolist()}" for path, array in paths.items()).encode()


def dump(named):
    lines = [HEADER.format(network="2-3-1 tanh", n=1, dtype="float32", layout="in_out"), COLUMNS]
    lines += [line.rstrip("\n") for line in text_lines(0, {k: v[None] for k, v in named.items()})]
    return ("\n".join(lines) + "\n").encode()


KINDS = {
    "npy": ("a.npy", npy),
    "npz": ("a.npz", npz),
    "pt": ("a.pt", lambda named: saved_by_torch(tensors(named))),
    "old_pt": (
        "a.bin",
        lambda named: saved_by_torch(tensors(named), _use_new_zipfile_serialization=False),
    ),
    "lightning": ("a.ckpt", lambda named: saved_by_torch({"state_dict": tensors(named)})),
    "safetensors": ("a.safetensors", safetensors.numpy.save),
    "safetensors_in_bin": ("a.bin", safetensors.numpy.save),
    "flax": ("a.msgpack", lambda named: packed(nested(named))),
    "json": (
        "a.json",
        lambda named: json.dumps({k: v.tolist() for k, v in named.items()}).encode(),
    ),
    "table": ("a.csv", table),
    "entries": ("entries.txt", entries),
    "keystr": ("keystr.txt", keystr),
    "dump": ("a.dat", dump),
}
PARAMS = init_params(np.random.default_rng(0), (2, 3, 1), dtype=F32)
NAMED = {f"{'wb'[j]}{i}": v for i, p in enumerate(PARAMS, 1) for j, v in enumerate(p)}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_back(tmp_path, kind):
    name, write = KINDS[kind]
    (tmp_path / name).write_bytes(write(NAMED))
    found = read_numbers(str(tmp_path / name)).arrays
    expected = list(NAMED.values())[: 1 if kind == "npy" else None]
    if "safetensors" in kind:
        expected = [NAMED[array.name] for array in found]
    assert len(found) == len(expected)
    for array, values in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.squeeze(array.values.astype(F32)), np.squeeze(values))


def savetxt(array):
    buffer = io.BytesIO()
    np.savetxt(buffer, np.atleast_2d(array), delimiter=",", fmt="%.9g")
    return buffer.getvalue()


@pytest.mark.parametrize(("suffix", "write"), [(".csv", savetxt), (".npy", lambda a: npy({"": a}))])
def test_a_folder_has_an_array_in_each_file(tmp_path, suffix, write):
    folder = tmp_path / "grads"
    folder.mkdir()
    for name, array in NAMED.items():
        (folder / f"{name}{suffix}").write_bytes(write(array))
    (folder / ".hidden").write_text("notes")
    found = read_numbers(str(folder))
    assert found.names == ("b1", "b2", "w1", "w2")
    for array in found.arrays:
        np.testing.assert_array_equal(
            array.values.astype(F32).squeeze(), NAMED[array.name].squeeze()
        )
    expected = expect_gradients(PARAMS, 1, f"--gradients {folder}")
    file = read_gradients(str(folder), expected, F32)
    for layer, right in zip(
        file.take(file.readings(expected, None)[0], expected).grads, PARAMS, strict=True
    ):
        for leaf, other in zip(layer, right, strict=True):
            np.testing.assert_array_equal(leaf[0], other)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "expected a file, or a folder with a file for each array, got a folder of 0 files"),
        ({"w1.csv": "1.5", "w2.csv": ""}, r"w2\.csv: expected numbers, found none"),
        ({"w1.csv": "[1.5]\n[2.5]"}, r"w1\.csv: expected one array in a file of a folder, got 2"),
        ({"more/w1.csv": "1.5"}, "expected a file for each array, got the folder more"),
    ],
)
def test_bad_folders(tmp_path, files, message):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        read_numbers(str(tmp_path))
    assert str(caught.value).startswith(str(tmp_path))


def mutated(content, rng):
    """Returns the content with some bytes changed, left out, put in, or read as another number."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(0, len(changed) + 1))
        stop = place + int(rng.integers(1, 9))
        some = bytes(changed[place:stop])
        new = (b"", some * 3, b"\xff" * 4, b"\0" * 8, rng.bytes(len(some)), b"9", b"[", b"\n,")
        changed[place:stop] = new[int(rng.integers(0, len(new)))]
    return bytes(
        changed if rng.random() < 0.8 else changed[: int(rng.integers(0, len(changed) + 1))]
    )


def refusal(path):
    try:
        read_numbers(str(path))
    except UsageError as error:
        return str(error)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("error")
def test_a_damaged_file_is_read_or_refused_in_one_sentence(tmp_path, kind):
    name, write = KINDS[kind]
    content, path, refused = write(NAMED), tmp_path / name, 0
    for seed in range(200):
        path.write_bytes(mutated(content, np.random.default_rng(seed)))
        error = refusal(path)
        if error is not None:
            refused += 1
            assert "\n" not in error
            assert str(path) in error
            assert len(error.replace(str(path), "")) < 500
    assert refused > 20


layers = st.lists(st.integers(1, 4), min_size=2, max_size=4).flatmap(
    lambda sizes: st.tuples(
        *(
            st.tuples(
                hnp.arrays(F32, (n, m), elements=st.floats(width=32, allow_nan=False)),
                hnp.arrays(F32, (m,), elements=st.floats(width=32, allow_nan=False)),
            )
            for n, m in itertools.pairwise(sizes)
        )
    )
)
finite = layers.filter(lambda found: all(np.isfinite(leaf).all() for one in found for leaf in one))


@pytest.mark.parametrize("suffix", [".npz", ".pt", ".pth", ".safetensors"])
@pytest.mark.parametrize("layout", ["in_out", "out_in"])
@hypothesis.given(found=finite)
@hypothesis.settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
def test_any_weights_that_we_write_are_read_back(tmp_path, suffix, layout, found):
    params = tuple(Layer(w, b) for w, b in found)
    write_params(tmp_path / f"a{suffix}", params, suffix=suffix, layout=layout)
    read = read_params(str(tmp_path / f"a{suffix}"), layout=layout, dtype=F32).found[0].params
    for layer, other in zip(read, params, strict=True):
        for leaf, expected in zip(layer, other, strict=True):
            assert leaf.tobytes() == np.ascontiguousarray(expected).tobytes()
