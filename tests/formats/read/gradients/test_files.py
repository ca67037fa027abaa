"""Gradients from files of every kind: read to the same arrays, and judged."""

import json
import re

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from compare import Detail, compare_gradients, run
from compare.selftest.backward import backward, forward
from jaxmlp import ACTIVATIONS, Layer
from tests.support.gradient_files import EXACT, F32, FORMS, PRINTS, named, network, read, write


def check(given, grads):
    """Same bits, or for a print as near as it says."""
    for i, (layer, right) in enumerate(zip(given.grads, grads, strict=True)):
        for j, (a, b) in enumerate(zip(layer, right, strict=True)):
            assert a.shape == b.shape
            if given.printed is None:
                assert a.dtype == b.dtype
                np.testing.assert_array_equal(a, b)
            else:
                far = np.abs(a.astype(float) - b.astype(float))
                assert (far <= given.printed[i][j] + np.spacing(np.abs(b))).all()
                assert (given.printed[i][j][b != 0] <= 1e-4 * max(1, np.abs(b).max())).all()


def random_network(seed):
    rng = np.random.default_rng(seed)
    sizes = tuple(int(size) for size in rng.integers(1, 5, rng.integers(2, 5)))
    return network(sizes, int(rng.integers(1, 5)), seed, list(ACTIVATIONS)[seed % len(ACTIVATIONS)])


@pytest.mark.parametrize(("form", "layout"), FORMS)
def test_every_form_reads_to_the_same_arrays(tmp_path, form, layout):
    for seed in range(12):
        params, batch, grads = random_network(seed)
        given = read(write(tmp_path, form, layout, grads), params, len(batch.x), layout)
        check(given, grads)
        assert (given.printed is None) == (form in EXACT), seed


def judge(tmp_path, path, layout="in_out", sizes=(2, 3, 1), n=3):
    """Runs a comparison on the network and returns status and report."""
    params, batch, _ = network(sizes, n)
    np.savez(tmp_path / "p.npz", **{k: v[0] for k, v in named(lead(params), out_in=False).items()})
    np.savez(tmp_path / "d.npz", x=batch.x)
    flags = [f"--params={tmp_path}/p.npz", f"--data={tmp_path}/d.npz", "--witness=0"]
    flags += [f"--gradients={path}", f"--out={tmp_path}/out", "--implementations=numpy_manual"]
    status = run.main(["compare.run", *flags])
    return status, json.loads((tmp_path / "out" / "report.json").read_text())


def lead(params):
    return [Layer(w[None], b[None]) for w, b in params]


@pytest.mark.parametrize("form", [*EXACT, *PRINTS])
def test_every_form_is_judged(tmp_path, capsys, form):
    _, _, grads = network()
    status, report = judge(tmp_path, write(tmp_path, form, "in_out", grads))
    assert (status, report["verdict"]) == (0, "agree")
    doubled = tuple(Layer(2 * w, 2 * b) for w, b in grads)
    capsys.readouterr()
    status, report = judge(tmp_path, write(tmp_path, form, "in_out", doubled))
    assert (status, report["verdict"]) == (2, "disagree")
    said = " ".join(capsys.readouterr().out.split())
    assert re.search(r"disagree: .*(twice|factor 2|2 times|times 2)", said), said


@pytest.mark.parametrize("form", ["weights first", "rows", "savetxt", "pairs"])
def test_the_order_of_unnamed_numbers_is_told(tmp_path, capsys, form):
    judge(tmp_path, write(tmp_path, form, "in_out", network()[2]))
    order = "w1 w2 b1 b2" if form == "weights first" else "w1 b1 w2 b2"
    assert f"read as {order} (in_out)" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_non_finite_gradients_are_a_verdict(tmp_path, bad):
    _, _, grads = network()
    grads[0].w[1] = bad
    status, report = judge(tmp_path, write(tmp_path, "g.npz", "in_out", grads))
    assert (status, report["verdict"]) == (2, "disagree")


NAMES = [
    ("w{}", "b{}"),
    ("dw{}", "db{}"),
    ("dW{}", "dB{}"),
    ("d_w{}", "d_b{}"),
    ("dL/dw{}", "dL/db{}"),
    ("dL_dw{}", "dL_db{}"),
    ("dLdw{}", "dLdb{}"),
    ("grad_w{}", "grad_b{}"),
    ("grad.w{}", "grad.b{}"),
    ("w{}.grad", "b{}.grad"),
    ("w{}_grad", "b{}_grad"),
    ("fc{}.weight.grad", "fc{}.bias.grad"),
    ("module.{}.weight", "module.{}.bias"),
]


@pytest.mark.parametrize("names", NAMES, ids=lambda names: names[0])
def test_names(tmp_path, names):
    params, batch, grads = network((3,) * 12)
    np.savez(tmp_path / "g.npz", **named(grads, names))
    check(read(tmp_path / "g.npz", params, len(batch.x)), grads)


@pytest.mark.parametrize("names", [("dw", "db"), ("dL/dw", "dL/db"), ("w", "b")])
def test_one_layer_needs_no_number(tmp_path, names):
    params, batch, grads = network((2, 3))
    np.savez(tmp_path / "g.npz", **named(grads, names))
    check(read(tmp_path / "g.npz", params, len(batch.x)), grads)


@pytest.mark.parametrize("layout", ["in_out", "out_in"])
@pytest.mark.parametrize("form", ["g.npz", "g.pt"])
def test_a_kernel_is_in_out(tmp_path, form, layout):
    params, batch, grads = network((3, 3, 3))
    leaves = named(grads, ("dense_{}/kernel", "dense_{}/bias"))
    if form == "g.npz":
        np.savez(tmp_path / form, **leaves)
    else:
        torch.save({k: torch.tensor(v) for k, v in leaves.items()}, tmp_path / form)
    check(read(tmp_path / form, params, len(batch.x), layout), grads)


@pytest.mark.parametrize("layout", ["in_out", "out_in"])
def test_shapes_tell_the_layout_and_else_the_option(tmp_path, layout):
    params, batch, grads = network((2, 3, 1))
    for out_in in (False, True):
        np.savez(tmp_path / "g.npz", **named(grads, out_in=out_in))
        check(read(tmp_path / "g.npz", params, len(batch.x), layout), grads)
    torch.save({k: torch.tensor(v) for k, v in named(grads).items()}, tmp_path / "g.pt")
    check(read(tmp_path / "g.pt", params, len(batch.x), layout), grads)
    params, batch, grads = network((3, 3, 3))
    np.savez(tmp_path / "g.npz", **named(grads, out_in=layout == "out_in"))
    check(read(tmp_path / "g.npz", params, len(batch.x), layout), grads)


@pytest.mark.parametrize("to", ["float16", "bfloat16"])
@pytest.mark.parametrize("form", ["g.pt", "g.safetensors"])
def test_half_precision_stays_half_precision(tmp_path, form, to):
    params, batch, grads = network()
    leaves = named(grads, out_in=True)
    leaves = {k: torch.tensor(v).to(getattr(torch, to)) for k, v in leaves.items()}
    (torch.save if form == "g.pt" else save_file)(leaves, tmp_path / form)
    given = read(tmp_path / form, params, len(batch.x))
    assert {leaf.dtype.name for layer in given.grads for leaf in layer} == {to}
    w1 = leaves["w1"].float().numpy().swapaxes(1, 2)
    np.testing.assert_array_equal(given.grads[0].w.astype(F32), w1)


def test_several_files_have_names_of_their_own(tmp_path):
    _, _, grads = network()
    paths = [write(tmp_path, form, "in_out", grads) for form in ("g.npz", "g.pt", "g.dat")]
    params, batch, _ = network()
    given = {path.suffix: read(path, params, len(batch.x)).grads for path in paths}
    report = compare_gradients(
        params,
        batch.x,
        gradients=given,
        implementations=("numpy_manual",),
        detail=Detail(witness=0),
    )
    assert report.verdict == "agree"


@pytest.mark.parametrize(
    "kept", [("w1", "w2"), ("w1", "w2", "b2"), ("w1", "b1", "w2")], ids="_".join
)
def test_a_file_of_weights_without_a_bias_is_of_a_network_without_one(tmp_path, capsys, kept):
    params, batch, _ = network()
    bare = [Layer(w, b if f"b{i}" in kept else 0 * b) for i, (w, b) in enumerate(params, start=1)]
    grads = named(backward(forward(bare, batch, "sigmoid")))
    weights = named(bare)
    np.savez(tmp_path / "p.npz", **{name: weights[name] for name in kept})
    np.savez(tmp_path / "d.npz", x=batch.x)
    (tmp_path / "g.json").write_text(json.dumps({k: grads[k].tolist() for k in kept}))
    flags = [f"--{k}={tmp_path}/{v}" for k, v in (("params", "p.npz"), ("data", "d.npz"))]
    flags += [f"--gradients={tmp_path}/g.json", "--witness=0", "--implementations=numpy_manual"]
    flags.append("--verbose")
    status = run.main(["compare.run", *flags, f"--out={tmp_path}/out"])
    said = " ".join(capsys.readouterr().out.split())
    assert status == 0
    assert f"read as {' '.join(kept)} (in_out), " in said
    assert ("without biases" if len(kept) == 2 else "no bias in layer ") in said
    dump = ["--witness=0", "--implementations=numpy_manual", f"--out={tmp_path}/again", *flags[:2]]
    dump.append(f"--gradients={tmp_path}/out/numpy_manual.dat")
    assert run.main(["compare.run", *dump]) == 0
