"""Gradients from files of every kind: read to the same arrays, judged, or refused plainly."""

import io
import json
import re

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from compare import compare_gradients, run
from compare.errors import UsageError
from compare.formats.read.gradients import read_gradients
from compare.problem.problem import default_labels
from compare.selftest.backward import backward, forward
from jaxmlp import ACTIVATIONS, Batch, Layer, init_params

F32 = np.dtype(np.float32)


def network(sizes=(2, 3, 1), n=3, seed=0, activation="sigmoid"):
    """Weights, samples and the right gradients."""
    rng = np.random.default_rng(seed)
    params = init_params(rng, sizes, dtype=F32)
    x = rng.random((n, sizes[0])).astype(F32)
    batch = Batch(x, default_labels(x, sizes[-1]))
    grads = backward(forward(params, batch, activation))
    return params, batch, tuple(Layer(*(np.asarray(leaf, F32) for leaf in one)) for one in grads)


def named(grads, names=("w{}", "b{}"), *, out_in=False):
    found = {}
    for i, (dw, db) in enumerate(grads, start=1):
        found[names[0].format(i)] = np.ascontiguousarray(dw.swapaxes(1, 2)) if out_in else dw
        found[names[1].format(i)] = db
    return found


def dump(path, grads, layout):
    """Writes what report.dat writes, told by its description and not by its code."""
    sizes = (grads[0].w.shape[1], *(layer.b.shape[1] for layer in grads))
    lines = [f"# gradients of {'-'.join(map(str, sizes))} sigmoid, {len(grads[0].b)} samples, "]
    lines[0] += f"float32, {layout}"
    lines.append("# sample parameter row column value")
    for name, leaf in named(grads, out_in=layout == "out_in").items():
        leaf = leaf if leaf.ndim == 3 else leaf[:, None]
        lines += [f"{s} {name} {i} {j} {leaf[s, i, j]:.9g}" for s, i, j in np.ndindex(leaf.shape)]
    path.write_text("\n".join(lines) + "\n")


def numpy_print(grads):
    with np.printoptions(threshold=10**9, precision=8):
        return "\n".join(f"dL/d{name}\n{leaf}" for name, leaf in named(grads).items())


def torch_print(grads):
    torch.set_printoptions(threshold=10**9)
    leaves = named(grads, ("fc{}.weight.grad", "fc{}.bias.grad"), out_in=True)
    try:
        return "\n".join(f"{name} {torch.tensor(leaf)}" for name, leaf in leaves.items())
    finally:
        torch.set_printoptions(profile="default")


def sequential_print(grads):
    return re.sub(r"fc(\d)\.", r"\1.", torch_print(grads))  # 1.weight.grad tensor(...)


def sample_by_sample(grads):
    lines = []
    for i in range(len(grads[0].b)):
        for name, leaf in named(grads).items():
            lines.append(f"{name} = {np.array2string(leaf[i], threshold=10**9)}")
    return "\n".join(lines)


def savetxt(grads):
    text = io.StringIO()
    for leaf in named(grads).values():
        np.savetxt(text, leaf.reshape(-1, leaf.shape[-1]), fmt="%.7f")
        text.write("\n")
    return text.getvalue()


def rows(grads):
    leaves = [leaf.reshape(len(leaf), -1) for leaf in named(grads).values()]
    return "\n".join(" ".join(f"{v:.6g}" for v in row) for row in np.concatenate(leaves, axis=1))


def weights_first(grads):
    leaves = [*(w for w, _ in grads), *(b for _, b in grads)]
    return "\n".join(str(leaf.tolist()) for leaf in leaves)


def pairs(grads):
    samples = range(len(grads[0].b))
    return str([[[w[i].tolist(), b[i].tolist()] for w, b in grads] for i in samples])


PRINTS = {
    "numpy": numpy_print,
    "torch": torch_print,
    "sequential": sequential_print,
    "sample by sample": sample_by_sample,
    "savetxt": savetxt,
    "rows": rows,
    "weights first": weights_first,
    "pairs": pairs,
}


def npz(path, grads, layout):
    np.savez(path, **named(grads, ("dw{}", "db{}"), out_in=layout == "out_in"))


def pt(path, grads, layout):
    leaves = named(grads, ("{}.weight.grad", "{}.bias.grad"), out_in=True)
    torch.save({k: torch.tensor(v) for k, v in leaves.items()}, path)


def tensors(path, grads, layout):
    leaves = named(grads, ("fc{}.weight", "fc{}.bias"), out_in=True)
    save_file({k: torch.tensor(v) for k, v in leaves.items()}, path)


EXACT = {"g.dat": dump, "g.npz": npz, "g.pt": pt, "g.safetensors": tensors}
FORMS = [*((name, layout) for name in EXACT for layout in ("in_out", "out_in"))]
FORMS += [(how, "out_in" if how in ("torch", "sequential") else "in_out") for how in PRINTS]


def write(folder, form, layout, grads):
    if form in EXACT:
        EXACT[form](folder / form, grads, layout)
        return folder / form
    (folder / "print.txt").write_text(PRINTS[form](grads) + "\n")
    return folder / "print.txt"


def read(path, params, n, layout="in_out", dtype=F32):
    return read_gradients(str(path), params, n=n, layout=layout, dtype=dtype)


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


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(("form", "layout"), FORMS)
def test_every_form_reads_to_the_same_arrays(tmp_path, form, layout, seed):
    params, batch, grads = random_network(seed)
    given = read(write(tmp_path, form, layout, grads), params, len(batch.x), layout)
    check(given, grads)
    assert (given.printed is None) == (form in EXACT)


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
    assert f"taken as {order}" in " ".join(capsys.readouterr().out.split())


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


def one(grads):
    """The gradient of the whole batch."""
    return {name: leaf.mean(axis=0) for name, leaf in named(grads).items()}


def printed(leaves):
    return "\n".join(f"{name}: {leaf.tolist()}" for name, leaf in leaves.items())


def without(leaves, name):
    return {k: v for k, v in leaves.items() if k != name}


G = named(network()[2])
ONE = "one gradient where there are 3 samples; per-sample gradients are needed.*jax.vmap"
FEWER = "pass --samples=2 if those are the samples"
REFUSED = {
    "a batch": (one(network()[2]), ONE),
    "a printed batch": (printed(one(network()[2])), ONE),
    "rows of a batch": (rows(network(n=1)[2]), ONE),
    "fewer samples": ({k: v[:2] for k, v in G.items()}, FEWER),
    "fewer printed samples": (rows(network(n=2)[2]), FEWER),
    "a name is missing": (
        without(G, "b2"),
        "expected a weight and a bias for every layer .*; found w1",
    ),
    "weights alone": (
        without(without(G, "b1"), "b2"),
        "in one file, got w1 w2, one half of what --split_dumps writes; write it without$",
    ),
    "biases alone": (without(without(G, "w1"), "w2"), "got b1 b2, one half of what --split_dumps"),
    "a layer is missing": (without(without(G, "b2"), "w2"), "expected 2 layers, found 1"),
    "another name": ({**G, "loss": np.ones(3, F32)}, "no other array.*; found w1"),
    "weights too": ({**G, "dw1": G["w1"]}, "w1 and dw1 are named as if"),
    "no names": ({"arr_0": G["w1"]}, "found arr_0"),
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


def test_several_files_have_names_of_their_own(tmp_path):
    _, _, grads = network()
    paths = [write(tmp_path, form, "in_out", grads) for form in ("g.npz", "g.pt", "g.dat")]
    params, batch, _ = network()
    given = {path.suffix: read(path, params, len(batch.x)).grads for path in paths}
    report = compare_gradients(
        params, batch.x, gradients=given, implementations=("numpy_manual",), witness=0
    )
    assert report.verdict == "agree"


def test_a_torch_file_of_a_list_is_told_how_to_name_them(tmp_path):
    torch.save([torch.ones(2)], tmp_path / "g.pt")
    with pytest.raises(UsageError, match="found list"):
        read(tmp_path / "g.pt", network()[0], 3)
