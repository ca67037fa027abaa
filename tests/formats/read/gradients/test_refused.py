"""Files that do not hold the gradients, and what is said of them."""

import re
import zipfile

import numpy as np
import pytest
import torch

from compare import run
from compare.errors import UsageError
from tests.support.gradient_files import F32, dump, named, network, read, rows


def one(grads):
    """The gradient of the whole batch."""
    return {name: leaf.mean(axis=0) for name, leaf in named(grads).items()}


def printed(leaves):
    return "\n".join(f"{name}: {leaf.tolist()}" for name, leaf in leaves.items())


def without(leaves, name):
    return {k: v for k, v in leaves.items() if k != name}


G = named(network()[2])
ONE = "one gradient where there are 3 samples; per-sample gradients are needed.*jax.vmap"
FEWER = "as in gradients of 2 samples where there are 3; --samples says how many are drawn"
REFUSED = {
    "a batch": (one(network()[2]), ONE),
    "a printed batch": (printed(one(network()[2])), ONE),
    "rows of a batch": (rows(network(n=1)[2]), ONE),
    "fewer samples": ({k: v[:2] for k, v in G.items()}, FEWER),
    "fewer printed samples": (rows(network(n=2)[2]), FEWER),
    "a name is missing": (
        without(G, "b2"),
        "expected the gradient of a bias in layer 2, as in the network, found w1 ",
    ),
    "weights alone": (
        without(without(G, "b1"), "b2"),
        "in one file, got w1 w2, one half of what --split_dumps writes; write it without$",
    ),
    "biases alone": (without(without(G, "w1"), "w2"), "got b1 b2, one half of what --split_dumps"),
    "a layer is missing": (without(without(G, "b2"), "w2"), "expected 2 layers, found 1"),
    "another name": ({**G, "loss": np.ones(3, F32)}, "no other array.*; found w1"),
    "weights too": ({**G, "dw1": G["w1"]}, "w1 and dw1 are named as if"),
    "keystr of no names": ({"[0][0]": G["w1"]}, "expected 3 x 13 numbers.*found 18 in arrays of"),
    "no names": (
        {"arr_0": G["w1"]},
        "expected 3 x 13 numbers.*found 18 in arrays of 18; --layer_sizes or",
    ),
    "other names": ({"a": G["w1"]}, "w1 b1 w2 b2 or fc1.weight fc1.bias; found a"),
    "another shape": ({**G, "w1": np.ones((3, 5, 5), F32)}, "w1: expected shape .3, 2, 3., got"),
    "sample last": ({**G, "b1": G["b1"].T[:2]}, "b1: expected shape"),
    "int": ({**G, "b1": np.ones((3, 3), int)}, "b1: expected floating-point numbers .*got int64"),
    "complex": ({**G, "b1": np.ones((3, 3), complex)}, "b1: expected floating-.*got complex128"),
    "bool": ({**G, "b1": np.ones((3, 3), bool)}, "b1: expected floating-point .*got bool"),
    "strings": ({**G, "b1": np.array([["a"] * 3] * 3)}, "b1: expected floating-point .*got <U1"),
    "too large": (printed({**G, "b1": np.full((3, 3), 1e300)}), "b1 has numbers too large"),
    "too few numbers": ("1.5 2.5\n", "expected 3 x 13 numbers, for every sample w1 .2, 3., b1"),
    "no numbers": ("", "expected numbers, found none"),
    "cut short": ("[1. 2. ... 3.]", "'...' means that the print was cut short"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(tmp_path, case):
    held, message = REFUSED[case]
    path = tmp_path / ("g.txt" if isinstance(held, str) else "g.npz")
    path.write_text(held) if isinstance(held, str) else np.savez(path, **held)
    params, batch, _ = network()
    with pytest.raises(UsageError, match=message) as caught:
        read(path, params, len(batch.x))
    assert str(caught.value).startswith(f"--gradients {path}")
    assert "\n" not in str(caught.value)


def test_a_program_is_no_print(tmp_path):
    path = tmp_path / "backward.py"
    path.write_text("def gradients(params, x, y):\n    return 2.0 * params\n")
    with pytest.raises(UsageError, match=r"expected numbers, got a program; .* --candidate="):
        read(path, network()[0], 3)


def test_half_of_a_dump_is_refused(tmp_path):
    run.main(["compare.run", "--split_dumps", "--samples=2", f"--out={tmp_path}"])
    flags = ("--samples=2", f"--gradients={tmp_path}/my_autograd_b.dat", f"--out={tmp_path}/new")
    with pytest.raises(UsageError, match="got b1 b2 b3, one half of what --split_dumps writes"):
        run.main(["compare.run", *flags])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("n", [1, 2])
def test_weights_beside_gradients_are_not_taken_for_a_second_sample(tmp_path, n):
    params, _, grads = network(n=n)
    both = named(grads) | named(grads, ("dw{}", "db{}"))
    np.savez(tmp_path / "g.npz", **both)
    with pytest.raises(UsageError, match="w1 and dw1 are named as if they were the same"):
        read(tmp_path / "g.npz", params, n)


def test_a_dump_of_the_mirrored_network_is_refused(tmp_path):
    params, batch, _ = network((2, 3, 2))
    mirrored = network((3, 2, 3))[2]
    dump(tmp_path / "g.dat", mirrored, "in_out")
    with pytest.raises(UsageError, match="w1: expected shape"):
        read(tmp_path / "g.dat", params, len(batch.x))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *((f"g.{ending}", None) for ending in ("dat", "npz", "pt", "safetensors")),
        *((f"g.{ending}", b"") for ending in ("dat", "npz", "pt", "safetensors")),
        ("g.npy", b"\x93NUMPY\x01\x00"),
        ("g.pkl", b"\x80\x04\x95"),
        ("g.json", b"[1.0]"),
        ("g.dat", b"# gradients of nothing\n"),
    ],
)
@pytest.mark.parametrize("folder", [False, True])
def test_bad_files_touch_nothing(tmp_path, name, content, folder):
    path = tmp_path / name
    if folder:
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    flags = ("--layer_sizes=2,3,1", "--samples=3", f"--out={tmp_path}/out", f"--gradients={path}")
    with pytest.raises(UsageError, match=re.escape(f"--gradients {path}")) as caught:
        run.main(["compare.run", *flags])
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_torch_file_of_a_list_is_told_how_to_name_them(tmp_path):
    torch.save([torch.ones(2)], tmp_path / "g.pt")
    with pytest.raises(UsageError, match="found list"):
        read(tmp_path / "g.pt", network()[0], 3)


def test_an_archive_of_nothing(tmp_path):
    with zipfile.ZipFile(tmp_path / "g.npz", "w"):
        pass
    with pytest.raises(UsageError, match=r"g\.npz: expected numbers, found none"):
        read(tmp_path / "g.npz", network()[0], 3)
