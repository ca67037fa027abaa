"""Files and arrays that may be read in several ways: the one that certifies is taken, and said."""

import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from compare import run
from compare.errors import UsageError
from tests.support.gradient_files import named, network

LAYERS = ("encoder", "hidden", "decoder")  # from the first to the last
RNG = np.random.default_rng(0)
TREE = {
    name: {
        "kernel": RNG.normal(size=(3, 3)).astype(np.float32),
        "bias": RNG.normal(size=3).astype(np.float32),
    }
    for name in LAYERS
}
X, Y = RNG.random((2, 3)).astype(np.float32), RNG.random((2, 3)).astype(np.float32)


def loss(tree, x, y):
    for name in LAYERS[:-1]:
        x = jnp.tanh(x @ tree[name]["kernel"] + tree[name]["bias"])
    return jnp.sum((x @ tree["decoder"]["kernel"] + tree["decoder"]["bias"] - y) ** 2)


GRADS = jax.tree.map(np.asarray, jax.vmap(jax.grad(loss), (None, 0, 0))(TREE, X, Y))


def flat(tree, names=("kernel", "bias"), *, called=None, out_in=False, separator="/"):
    """name -> array, the layers in the order of their names, as JAX has them."""
    found = {}
    for layer in sorted(tree):
        w, b = tree[layer]["kernel"], tree[layer]["bias"]
        label = (called or {}).get(layer, layer)
        found[f"{label}{separator}{names[1]}"] = b
        found[f"{label}{separator}{names[0]}"] = w.swapaxes(-1, -2) if out_in else w
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


def save_pt(path, **arrays):
    torch.save({name: torch.tensor(array) for name, array in arrays.items()}, path)


SAVE = {
    ".npz": np.savez,
    ".pt": save_pt,
    ".safetensors": lambda path, **arrays: save_file(arrays, path),
}


@pytest.fixture
def judge(tmp_path, capsys):
    """Runs a comparison of weights and gradients; returns the status, the report and all said."""

    def judge(weights, gradients, *flags, suffix=".npz"):
        params, grads = tmp_path / f"params{suffix}", tmp_path / f"grads{suffix}"
        save = SAVE[suffix]
        save(params, **weights)
        data = {"x": X, "y": Y}
        if isinstance(gradients, str):
            grads = tmp_path / "grads.txt"
            grads.write_text(gradients)
            data = {"x": X[:1], "y": Y[:1]}
        elif gradients is not None:
            save(grads, **gradients)
        np.savez(tmp_path / "data.npz", **data)
        if gradients is not None:
            flags = (*flags, f"--gradients={grads}")
        status = run.main([
            "compare.run", f"--params={params}", f"--data={tmp_path}/data.npz",
            "--activation=tanh", "--witness=0", f"--out={tmp_path}/out",
            "--implementations=jax_manual,numpy_manual", *flags,
        ])  # fmt: skip
        report = json.loads((tmp_path / "out" / "report.json").read_text())
        return status, report, " ".join(capsys.readouterr().out.split())

    return judge


def read_of(report):
    return next(one["read"] for one in report["implementations"] if one["read"])


def text_of(tree, leaves=False):
    one = jax.tree.map(lambda leaf: leaf[0], tree)
    with np.printoptions(precision=9):
        return str(jax.tree.leaves(one) if leaves else {name: one[name] for name in sorted(one)})


HAIKU = dict(zip(LAYERS, ("mlp/~/linear", "mlp/~/linear_1", "mlp/~/linear_2"), strict=True))
NESTED = dict(zip(LAYERS[::-1], ("Dense_0", "Dense_1", "Dense_2"), strict=True))
TORCH = dict(zip(LAYERS, ("fc1", "fc2", "fc3"), strict=True))
OWN = ("weight", "bias")
KINDS = {  # weights, gradients, suffix -> layers, layout
    "the alphabet of JAX": (flat(TREE), flat(GRADS), ".npz", LAYERS, "in_out"),
    "the same in a print": (flat(TREE), text_of(GRADS), ".npz", LAYERS, "in_out"),
    "leaves alone": (flat(TREE), text_of(GRADS, leaves=True), ".npz", LAYERS, "in_out"),
    "Flax, nested": (
        flat(TREE, called=NESTED), flat(GRADS, called=NESTED), ".npz",
        ("Dense_2", "Dense_1", "Dense_0"), "in_out",
    ),
    "Haiku in npz": (
        flat(TREE, ("w", "b"), called=HAIKU), flat(GRADS, ("w", "b"), called=HAIKU), ".npz",
        tuple(HAIKU.values()), "in_out",
    ),
    "Haiku in safetensors": (
        flat(TREE, ("w", "b"), called=HAIKU), flat(GRADS, ("w", "b"), called=HAIKU),
        ".safetensors", tuple(HAIKU.values()), "in_out",
    ),
    "Haiku by words": (
        flat(TREE, ("w", "b")), flat(GRADS, ("w", "b")), ".safetensors", LAYERS, "in_out",
    ),
    "torch, square": (
        flat(TREE, OWN, called=TORCH, out_in=True), flat(GRADS, OWN, called=TORCH, out_in=True),
        ".npz", tuple(TORCH.values()), "out_in",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_right_files_agree_however_they_are_meant(judge, kind):
    weights, gradients, suffix, layers, layout = KINDS[kind]
    status, report, said = judge(weights, gradients, suffix=suffix)
    assert (status, report["verdict"]) == (0, "agree"), said
    chosen = report["weights"]
    assert (tuple(chosen["layers"]), chosen["layout"]) == (layers, layout)
    assert chosen["certifies"]
    assert not any(other["certifies"] for other in chosen["others"])
    assert f"the weights were read as layers {', '.join(layers)} ({layout}), and" in said
    assert f"weights from {report['config']['params']}, " in said
    assert report["config"]["layout"] == layout


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_ones_disagree_in_every_reading(judge, kind):
    weights, _, suffix, _, _ = KINDS[kind]
    wrong = {k: {**v, "bias": 3 * v["bias"]} if k == "encoder" else v for k, v in GRADS.items()}
    wrong["encoder"] = {k: 3 * v for k, v in GRADS["encoder"].items()}
    names = {"Flax, nested": {"called": NESTED}, "torch, square": {"called": TORCH, "out_in": True}}
    words = OWN if "torch" in kind else ("w", "b") if "Haiku" in kind else ("kernel", "bias")
    options = names.get(kind, {"called": HAIKU} if kind.startswith("Haiku in") else {})
    status, report, said = judge(weights, flat(wrong, words, **options), suffix=suffix)
    assert (status, report["verdict"]) == (2, "disagree")
    assert not report["weights"]["certifies"]
    assert "which comes nearest: none of" in said
    read = report["weights"]
    assert {one["layout"] for one in (read, *read["others"])} <= {"in_out", "out_in"}
    assert len({one["words"] for one in (read, *read["others"])}) == 1 + len(read["others"])


@pytest.mark.parametrize("flags", [("--layout=in_out",), ()])
def test_what_the_user_has_said_is_never_read_otherwise(judge, flags):
    called = {"called": TORCH, "out_in": True}
    status, _, said = judge(flat(TREE, OWN, **called), flat(GRADS, OWN, **called), *flags)
    assert status == (2 if flags else 0)
    assert ("was read as" in said) == (not flags)
    backwards = dict(zip(LAYERS[::-1], "123", strict=True))
    own = {"called": backwards, "separator": ".", "names": OWN}
    status, _, said = judge(flat(TREE, **own), flat(GRADS, **own), *flags)
    assert status == 2
    assert not re.search(r"was read[^;.]*layers", said)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_matrices_named_by_hand_in_a_format_of_torch_are_of_either_layout(judge, suffix):
    hand = dict(zip(LAYERS, "123", strict=True))
    weights = flat(TREE, OWN, called=TORCH, out_in=True)
    for out_in in (False, True):
        names = {"names": ("dW", "db"), "called": hand, "out_in": out_in, "separator": ""}
        grads = {f"{k[1:]}{k[0]}": v for k, v in flat(GRADS, **names).items()}  # dW1
        assert "dW1" in grads
        status, report, said = judge(weights, grads, suffix=suffix)
        assert status == 0, said
        assert read_of(report)["layout"] == ("out_in" if out_in else "in_out")
        asked = judge(weights, grads, "--layout=out_in", suffix=suffix)[0]
        assert asked == (0 if out_in else 2)


def test_weights_that_only_gradients_explain_are_a_warning(judge):
    status, report, _ = judge(flat(TREE), flat(GRADS), "--fail_on=warning")
    assert status == 3
    (warning,) = report["warnings"]
    assert "read as layers encoder, hidden, decoder" in warning
    assert "because the gradients certify so" in warning


def test_an_order_that_nothing_decides_is_a_warning_or_refused(judge):
    _, report, _ = judge(flat(TREE), None)
    (warning,) = report["warnings"]
    assert "its layers may stand in more than one order" in warning
    assert warning.endswith("read as layers decoder, encoder, hidden (in_out)")
    with pytest.raises(UsageError, match=r"more than one order.*found decoder/b \[3\]"):
        judge(flat(TREE, ("w", "b")), None, suffix=".safetensors")


def test_what_was_read_as_what_is_a_table_if_asked_for(judge):
    _, report, said = judge(flat(TREE), text_of(GRADS, leaves=True), "--verbose")
    assert "grads, read as b3 w3 b1 w1 b2 w2 (in_out) b3 array 1 w3 array 2 b1 array 3" in said
    assert "w1 encoder/kernel b1 encoder/bias w2 hidden/kernel" in said
    assert read_of(report)["order"] == ["b3", "w3", "b1", "w1", "b2", "w2"]
    assert "the weights could be read as well as layers decoder, encoder, hidden (in_out);" in said


def test_readings_that_all_fail_are_named(judge):
    _, report, said = judge(flat(TREE), flat({**GRADS, "encoder": GRADS["hidden"]}))
    assert "the weights could be read as well as layers " in said
    assert all(other["words"] in said for other in report["weights"]["others"])


def test_the_command_of_a_report_chooses_the_same(judge, tmp_path, capsys):
    _, report, _ = judge(flat(TREE), flat({**GRADS, "encoder": GRADS["hidden"]}))
    words = report["reproduce"].split()[3:]
    assert run.main(["compare.run", *words]) == 2
    again = json.loads((tmp_path / "out" / "sample_0" / "report.json").read_text())
    assert again["weights"] == report["weights"]


def test_too_many_readings_are_refused_unless_one_certifies(tmp_path, monkeypatch):
    monkeypatch.setattr("compare.implementations.user.chosen._MOST_TRIALS", 20)  # 400 take long
    params, batch, grads = network((2,) * 4, 1)
    np.savez(tmp_path / "p.npz", **dict(zip(named(grads), _leaves(params), strict=True)))
    np.savez(tmp_path / "d.npz", x=batch.x)
    flags = ["compare.run", f"--params={tmp_path}/p.npz", f"--data={tmp_path}/d.npz"]
    flags += ["--implementations=numpy_manual", "--witness=0", f"--out={tmp_path}/out"]
    flags += [f"--gradients={tmp_path}/g.txt"]
    leaves = [leaf[0].tolist() for leaf in _leaves(grads)]
    (tmp_path / "g.txt").write_text(str([*leaves[:-1], [0.5, 0.5]]))
    with pytest.raises(UsageError, match="so many ways that only 20 were tried, and none of them"):
        run.main(flags)


def print_judge(tmp_path, capsys, sizes):
    """Returns what runs a comparison with a print of gradients, and the right ones."""
    params, batch, grads = network(sizes, 1)
    np.savez(tmp_path / "p.npz", **dict(zip(named(grads), _leaves(params), strict=True)))
    np.savez(tmp_path / "d.npz", x=batch.x)

    def judge(text):
        (tmp_path / "g.txt").write_text(text)
        status = run.main([
            "compare.run", f"--params={tmp_path}/p.npz", f"--data={tmp_path}/d.npz",
            f"--gradients={tmp_path}/g.txt", f"--out={tmp_path}/out", "--witness=0",
            "--implementations=torch_autograd,numpy_manual",
        ])  # fmt: skip
        return status, " ".join(capsys.readouterr().out.split())

    names = [f"{kind}{i}" for i in range(1, len(sizes)) for kind in "wb"]
    return judge, dict(zip(names, _leaves(grads), strict=True))


ODD_ORDERS = [  # sizes, order, whether in one row
    ((2, 4, 2), "b2 w1 w2 b1", True),
    ((2, 4, 2), "b1 w2 b2 w1", False),
    ((2, 4, 4, 2), "b1 b2 b3 w3 w2 w1", False),
    ((3, 3, 3, 3), "w2 b3 w1 b1 b2 w3", True),
]


@pytest.mark.parametrize(("sizes", "order", "whole"), ODD_ORDERS)
def test_an_order_that_nobody_uses_is_tried_in_the_end(tmp_path, capsys, sizes, order, whole):
    judge, grads = print_judge(tmp_path, capsys, sizes)
    leaves = [grads[name][0] for name in order.split()]

    def write(arrays):
        rows = [number for leaf in arrays for number in leaf.ravel().tolist()]
        return str(rows if whole else [leaf.tolist() for leaf in arrays])

    status, said = judge(write(leaves))
    assert status == 0, said
    assert f"read as {order} (in_out)" in said
    if len(sizes) == 3 or not whole:
        assert judge(write([leaves[0] * 2, *leaves[1:]]))[0] == 2


def test_names_that_are_not_understood_are_no_disagreement(tmp_path, capsys):
    judge, grads = print_judge(tmp_path, capsys, (2, 4, 2))
    text = "".join(
        f"{name}.grad {i} {value!r}\n".replace(" ", "_", 1).replace(" ", " = ")
        for name in ("w2", "b1", "b2", "w1")
        for i, value in enumerate(np.float64(grads[name].ravel()).tolist())
    )
    assert judge(text)[0] == 0
    with pytest.raises(UsageError, match=r"the names 'w2.grad_0', .*, \.\.\. do not say which"):
        judge(text.replace("b1.grad_0 = ", "b1.grad_0 = 9"))


def _leaves(layers):
    return [leaf for layer in layers for leaf in layer]
