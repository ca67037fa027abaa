"""bfloat16 and float16 through the whole command and the library, to the bit."""

import itertools
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import safetensors.torch
import torch

from compare import CallStyle, compare_gradients, run
from compare.errors import UsageError
from compare.formats.dtypes import dtype_of
from compare.formats.read.npz import read_npz
from compare.implementations.baseline import read_baseline
from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from compare.problem.blocks import block_at
from compare.problem.problem import make_problem
from tests.resume.conftest import save_always, stop  # noqa: F401  (fixtures)
from tests.support.cases import network_of
from tests.support.networks import ALL_ACTIVATIONS, alone
from torch_ref import MLP

LOW = ("bfloat16", "float16")
SMALL = ("--layer_sizes=2,3,3,1", "--samples=5", "--quiet")
SIZES = (2, 3, 3, 1)

low = pytest.mark.parametrize("dtype", LOW)
# one in each hidden layer; in deeper networks these dtypes leave too little to judge
MIXED = [ALL_ACTIVATIONS[i::6] for i in range(6)]
mixed = pytest.mark.parametrize("activations", MIXED, ids=",".join)
in_turns = pytest.mark.parametrize(
    ("activations", "dtype"), [(one, LOW[i % 2]) for i, one in enumerate(MIXED)]
)


def compare(out, *flags):
    """Runs in this process; returns the exit status and the report."""
    status = run.main(["compare.run", f"--out={out}", *flags])
    return status, json.loads(Path(out, "report.json").read_text())


def problem(dtype, **options):
    return make_problem(Config(layer_sizes=SIZES, samples=5, dtype=dtype, **options))


def bits(tree):
    return [(leaf.dtype.name, leaf.shape, leaf.tobytes()) for leaf in jax.tree.leaves(tree)]


def ulps(report, name, other):
    """The largest distance of gradients of two implementations."""
    pair = next(p for p in report["pairs"] if (p["a"], p["b"]) == (name, other))
    return max(one["max_ulp"] for one in pair["parameters"])


@low
def test_weights_and_samples_are_those_of_float64_rounded_once(dtype):
    wide, narrow = problem("float64"), problem(dtype)
    assert narrow.dtype == dtype_of(dtype)
    # so many that some would be rounded twice, once in 2^16
    of = [(one.params, one.batch(0, 300_000).x) for one in (wide, narrow)]
    for exact, rounded in zip(*map(jax.tree.leaves, of), strict=True):
        assert rounded.dtype == dtype_of(dtype)
        step = np.abs(np.spacing(rounded)).astype(np.float64)
        assert (np.abs(rounded.astype(np.float64) - exact) <= step / 2).all()
    x, y = narrow.batch(0, 5)
    mean = np.square(x.astype(np.float64)).mean(axis=1, keepdims=True)
    np.testing.assert_allclose(y.astype(np.float64), mean, rtol=2.0**-8)


def sizes_for(activations):
    """Layer sizes of a network that has each of these activations in one hidden layer."""
    return (2, *(3,) * len(activations), 1)


@low
@mixed
def test_implementations_answer_in_the_dtype_of_the_weights(dtype, activations):
    config = Config(layer_sizes=sizes_for(activations), samples=5, dtype=dtype)
    one = make_problem(config)
    for name in ("jax_grad", "jax_manual", "torch_autograd"):
        network = network_of(one.params, ",".join(activations))
        made = IMPLEMENTATIONS[name](one.params, network, "cpu")
        block = alone(one.batch(0, 5))
        found = made.evaluate(block), made.intermediates(block)
        assert {leaf.dtype for leaf in jax.tree.leaves(found)} == {dtype_of(dtype)}


@in_turns
def test_a_run_agrees_and_is_in_the_dtype(tmp_path, dtype, activations, capsys):
    sizes = ",".join(map(str, sizes_for(activations)))
    flags = (f"--layer_sizes={sizes}", f"--activation={','.join(activations)}", "--trace=0")
    status, found = compare(tmp_path, *SMALL, *flags, f"--dtype={dtype}")
    assert status == 0
    assert {one["dtype"] for one in found["implementations"]} == {dtype}
    assert f", {dtype} on cpu\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("suffix", "layout", "dtype"),
    [
        ("dat", "in_out", "bfloat16"),
        ("dat", "out_in", "float16"),
        ("npz", "in_out", "float16"),
        ("npz", "out_in", "bfloat16"),
    ],
)
def test_dumps_are_read_back_to_the_same_bits(tmp_path, dtype, suffix, layout):
    flags = (*SMALL, f"--dtype={dtype}", f"--layout={layout}")
    dumps = "text" if suffix == "dat" else "npz"
    compare(tmp_path / "a", *flags, f"--dumps={dumps}")
    path = tmp_path / "a" / f"torch_autograd.{suffix}"
    status, found = compare(tmp_path / "b", *flags, f"--gradients={path}")
    assert status == 0
    name, judged = (found["implementations"][-1][key] for key in ("name", "dtype"))
    assert judged == dtype
    assert ulps(found, "torch_autograd", name) == 0


def test_every_bfloat16_and_float16_is_dumped_to_the_same_bits(tmp_path):
    from compare.formats.read.dump import read_dump
    from compare.formats.write.dump import COLUMNS, HEADER, text_lines

    for dtype in LOW:
        array = np.arange(2**16, dtype=np.uint16).view(dtype_of(dtype))
        with np.errstate(invalid="ignore"):  # some NaNs signal
            array = array[np.isfinite(array)].reshape(1, 1, -1)
        n = array.shape[-1]
        header = HEADER.format(network=f"1-{n} tanh", n=1, dtype=array.dtype, layout="in_out")
        text = "".join([header, "\n", COLUMNS, "\n", *text_lines(0, {"w1": array})])
        (found,) = read_dump("a.dat", text).arrays
        assert bits(found.values) == bits(array)
        shown = max(len(line.split()[-1].split("e")[0]) for line in text.splitlines()[2:])
        assert shown <= 1 + 5 + len("0.0000")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Folders of a run in each dtype, with its dumps, a baseline b.npz and weights w.npz."""
    folders = {dtype: tmp_path_factory.mktemp(dtype) for dtype in LOW}
    for dtype, out in folders.items():
        saved = (f"--save_baseline={out}/b.npz", f"--save_params={out}/w.npz")
        compare(out, *SMALL, f"--dtype={dtype}", "--dumps=npz", *saved)
    return folders


def test_an_npz_of_bfloat16_is_float32_for_everyone_else(kept):
    path = kept["bfloat16"] / "jax_autograd.npz"
    with np.load(path) as archive:
        assert archive["dtype"].item() == "bfloat16"
        assert {archive[k].dtype.name for k in archive.files if k != "dtype"} == {"float32"}
    assert {a.dtype.name for a in read(path).values()} == {"bfloat16"}


def read(path):
    return read_npz(str(path), option="--params")


def test_raw_bytes_in_an_npz_are_bfloat16(tmp_path):
    array = np.array([[1, -2.5, 3e38]], ml_dtypes.bfloat16)
    np.savez(tmp_path / "a.npz", numpy=array, jax=jnp.asarray(array), half=array[0].astype("f2"))
    found = read(tmp_path / "a.npz")
    assert bits([found["numpy"], found["jax"]]) == bits([array, array])
    assert found["half"].dtype == np.float16
    np.save(tmp_path / "a.npy", np.tile(array[:, :2], (3, 1)))
    options = {"data": str(tmp_path / "a.npy"), "samples": None}
    made = make_problem(Config(layer_sizes=SIZES, dtype="bfloat16", **options))
    assert bits(made.batch(1, 3).x) == bits(np.tile(array[:, :2], (2, 1)))


@pytest.mark.parametrize(
    ("said", "array", "words"),
    [
        ("bfloat16", [1, 257], "w1: expected bfloat16 numbers, as the file says it holds, got oth"),
        ("float8", [1, 2], "expected bfloat16 as the entry dtype, or no such entry, got 'float8'"),
        (["bfloat16"], [1, 2], r"or no such entry, got \['bfloat16'\]"),
    ],
)
def test_an_archive_that_is_not_what_it_says(tmp_path, said, array, words):
    np.savez(tmp_path / "a.npz", w1=np.array(array, np.float32), dtype=np.array(said))
    with pytest.raises(UsageError, match=words) as caught:
        read(tmp_path / "a.npz")
    assert str(caught.value).startswith(f"--params {tmp_path}/a.npz: ")


@low
@pytest.mark.parametrize("name", ["w.npz", "w.pt", "w.safetensors"])
def test_saved_weights_are_read_back_to_the_same_bits(kept, tmp_path, dtype, name):
    if name == "w.npz":
        path = kept[dtype] / name
    else:
        path = tmp_path / name
        compare(tmp_path / "a", *SMALL, f"--dtype={dtype}", f"--save_params={path}")
    found = make_problem(Config(params=str(path), layer_sizes=None, samples=5, dtype=dtype))
    assert bits(found.params) == bits(problem(dtype).params)


@low
@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_torch_saves_what_is_read_to_the_same_bits(tmp_path, dtype, name):
    state = MLP(SIZES, dtype=getattr(torch, dtype)).state_dict()
    (torch.save if name == "w.pt" else safetensors.torch.save_file)(state, tmp_path / name)
    options = {"params": str(tmp_path / name), "layer_sizes": None}
    params = make_problem(Config(dtype=dtype, **options)).params
    found = [torch.tensor(leaf.T.copy().view(np.int16)) for layer in params for leaf in layer]
    given = [tensor.view(torch.int16) for tensor in state.values()]
    assert all(torch.equal(*both) for both in zip(found, given, strict=True))
    if dtype == "float16":  # all of these bfloat16 numbers exist in float16
        with pytest.raises(UsageError, match=r"its float16 values .* pass --dtype=float16, or "):
            make_problem(Config(dtype="bfloat16", **options))


@low
def test_a_baseline_of_the_same_run_has_not_moved(kept, tmp_path, dtype):
    path = kept[dtype] / "b.npz"
    status, found = compare(tmp_path, *SMALL, f"--dtype={dtype}", f"--baseline={path}")
    assert status == 0
    assert [drift["moved"] for drift in found["change"]["drifts"]] == [0, 0, 0]
    kept = read_baseline(str(path), problem(dtype)).answers
    assert {answer(0, 1).dtype.name for answer in kept.values()} == {dtype}


def test_a_baseline_with_numbers_of_another_dtype_is_refused(kept, tmp_path):
    with np.load(kept["bfloat16"] / "b.npz") as archive:
        arrays = dict(archive)
    arrays["jax_grad/b1"] += np.float32(1e-3)
    path = tmp_path / "b.npz"
    np.savez(path, **arrays)
    with pytest.raises(UsageError, match=r"jax_grad/b1: expected bfloat16 numbers, .* damaged\?"):
        read_baseline(str(path), problem("bfloat16"))


@low
def test_an_interrupted_run_has_the_same_bits(tmp_path, stop, monkeypatch, dtype):  # noqa: F811
    monkeypatch.setattr("compare.problem.blocks._LARGEST_BLOCK", 64)
    flags = ("--layer_sizes=2,3,1", "--samples=150", f"--dtype={dtype}", "--dumps=npz", "--quiet")
    compare(tmp_path / "whole", *flags)
    stop(tmp_path / "parts", *flags, blocks=2)
    assert compare(tmp_path / "parts", *flags)[0] == 0
    whole, parts = (read(tmp_path / out / "my_autograd.npz") for out in ("whole", "parts"))
    assert {array.dtype.name for array in whole.values()} == {dtype}
    assert bits(whole) == bits(parts)


def layers(dtype):
    """Weights and samples of LOW numbers."""
    one = problem(dtype)
    return [tuple(layer) for layer in one.params], one.batch(0, 5).x


def to_torch(array):
    return torch.tensor(array.astype(np.float32)).to(getattr(torch, array.dtype.name))


KINDS = {"numpy": lambda array: array, "jax": jnp.asarray, "torch": to_torch}


@low
@pytest.mark.parametrize("kind", KINDS)
def test_arrays_of_every_kind_are_computed_in_their_dtype(dtype, kind):
    params, x = layers(dtype)
    given = [tuple(map(KINDS[kind], layer)) for layer in params]
    answers = {}
    found = compare_gradients(given, KINDS[kind](x), on_block=lambda _, all: answers.update(all))
    assert found.verdict == "agree"
    assert found.config["dtype"] == dtype
    made = problem(dtype)  # in the block of a run: in another shape it may have other bits
    one = IMPLEMENTATIONS["jax_grad"](made.params, made.network, "cpu")
    alike = one.evaluate(block_at(made, 0))
    assert bits(answers["jax_grad"].grads) == bits(alike.grads)


DTYPES = [
    *((name, name) for name in LOW),
    ("bfloat16", ml_dtypes.bfloat16),
    ("bfloat16", np.dtype(ml_dtypes.bfloat16)),
    ("bfloat16", jnp.bfloat16),
    ("float16", jnp.float16),
    ("float16", np.half),
    ("float16", "half"),
    *((str(one)[6:], one) for one in (torch.bfloat16, torch.half, torch.float32, torch.double)),
]


@pytest.mark.parametrize(("name", "dtype"), DTYPES, ids=str)
def test_a_dtype_is_understood_as_every_library_has_it(name, dtype):
    params = [(np.ones((2, 1), np.float32), np.zeros(1, np.float32))]
    found = compare_gradients(params, [[0.5, 0.25]], dtype=dtype)
    assert found.config["dtype"] == name
    assert {one.dtype for one in found.implementations} == {name}


@pytest.mark.parametrize("dtype", ["bf16", "float8_e5m2", torch.int8, ml_dtypes.float8_e4m3fn])
def test_other_dtypes_are_one_sentence(dtype):
    params, x = layers("bfloat16")
    with pytest.raises(UsageError, match=r"dtype: expected one of float64, .* float16, got '"):
        compare_gradients(params, x, dtype=dtype)


def test_tensors_that_numpy_cannot_hold_are_one_sentence():
    params, _ = layers("bfloat16")
    with pytest.raises(UsageError, match=r"x: expected an array of numbers: .*Float8"):
        compare_gradients(params, torch.ones(5, 2).to(torch.float8_e5m2))


@in_turns
def test_a_module_in_low_precision_takes_part(dtype, activations):
    torch.manual_seed(0)
    module = MLP(sizes_for(activations), activation=activations, dtype=getattr(torch, dtype))
    found = compare_gradients(module, torch.rand(6, 2).to(getattr(torch, dtype)))
    assert found.verdict == "agree", found.reason
    assert {one.dtype for one in found.implementations} == {dtype}


def test_a_module_in_low_precision_stands_beside_float32():
    torch.manual_seed(0)
    module = MLP((3, 4, 2), dtype=torch.bfloat16)
    found = compare_gradients(module, torch.rand(6, 3), dtype="float32")
    assert [one.dtype for one in found.implementations] == ["float32"] * 3 + ["bfloat16"]
    assert found.verdict == "agree", found.reason


@low
@pytest.mark.usefixtures("unexplained")
@pytest.mark.parametrize("form", ["float32", "float64"])
def test_results_in_wider_arrays_are_judged_as_what_they_are(kept, tmp_path, dtype, form):
    flags = (*SMALL, f"--dtype={dtype}")
    wide = {k: v.astype(form) for k, v in read(kept[dtype] / "my_autograd.npz").items()}
    np.savez(tmp_path / "wide.npz", **wide)
    _, found = compare(tmp_path, *flags, f"--gradients={tmp_path}/wide.npz")
    assert found["implementations"][-1]["dtype"] == dtype
    _, found = compare(tmp_path, *flags[:-1], "--cast", f"--gradients={tmp_path}/wide.npz")
    assert found["implementations"][-1]["dtype"] == "float32"  # nobody has said otherwise


def wrong(params, x, y):
    """Half of a gradient, for one hidden layer of tanh, in torch."""
    (w1, b1), (w2, b2) = params
    assert {one.dtype for one in (w1, b1, w2, b2, x, y)} == {x.dtype}
    h = torch.tanh(x @ w1 + b1)
    delta2 = h @ w2 + b2 - y
    delta1 = w2 @ delta2 * (1 - h * h)
    return [(torch.outer(x, delta1), delta1), (torch.outer(h, delta2), delta2)]


@low
def test_a_keepsake_computes_the_sample_again_to_the_same_bits(tmp_path, dtype, monkeypatch):
    rng = np.random.default_rng(0)
    numbers = [
        tuple(rng.normal(size=s).astype(dtype_of(dtype)) for s in ((n, m), m))
        for n, m in itertools.pairwise((2, 4, 1))
    ]
    x = rng.random((4, 2)).astype(dtype_of(dtype))
    options = {"activation": "tanh", "candidates": [wrong], "call_style": CallStyle(arrays="torch")}
    found = compare_gradients(numbers, x, **options, save=tmp_path)
    assert found.verdict == "disagree"
    assert found.reproduce.endswith(" && python -m compare.run --flagfile=reproduce.flags")
    for name in ("params", "data", "wrong"):
        with np.load(tmp_path / f"{name}.npz") as archive:
            assert all(archive[key].dtype.kind in "fU" for key in archive.files)
    monkeypatch.chdir(tmp_path)
    status, again = compare("./sample_0", "--flagfile=reproduce.flags")
    assert status == 2
    assert {one["dtype"] for one in again["implementations"]} == {dtype}
    place = found.values[0]
    values = next(v for v in again["values"] if v["quantity"] == place.quantity)
    assert {k: v["value"] for k, v in values["values"].items()} == dict(place.values)


@pytest.mark.parametrize(
    ("wide", "narrow"), [("float32", "bfloat16"), ("float32", "float16"), ("float64", "float32")]
)
def test_a_module_is_not_rounded_behind_its_back(wide, narrow):
    torch.manual_seed(0)
    linears = (torch.nn.Linear(*sizes, dtype=getattr(torch, wide)) for sizes in ((3, 4), (4, 2)))
    module = torch.nn.Sequential(next(linears), torch.nn.Tanh(), next(linears))
    x = torch.rand(5, 3, dtype=getattr(torch, wide))
    said = f"computes with {wide} weights of layer 1 that {narrow} .* module.to.torch.{narrow}"
    with pytest.raises(UsageError, match=said):
        compare_gradients(module, x, dtype=narrow, cast=True)
    rounded = module.to(getattr(torch, narrow))
    assert compare_gradients(rounded, x, dtype=narrow, cast=True).verdict == "agree"


DEAD = [(np.full((2, 3), -1.0), np.zeros(3)), (np.ones((3, 1)), np.zeros(1))]


def relu_backward(dtype_of_sample):
    def backward(params, x, y):
        (w1, b1), (w2, b2) = ((w.astype(float), b.astype(float)) for w, b in params)
        x, y = x.astype(float), y.astype(float)
        z = x @ w1 + b1
        h = np.maximum(z, 0)
        delta = 2 * (h @ w2 + b2 - y)
        below = (w2 @ delta) * (z > 0)
        dtype = dtype_of_sample(x)
        pairs = ((np.outer(x, below), below), (np.outer(h, delta), delta))
        return [(dw.astype(dtype), db.astype(dtype)) for dw, db in pairs]

    return backward


def test_a_sample_of_zeros_does_not_change_what_a_candidate_computes_in():
    x = np.array([[0.3, 0.1], [-0.7, 0.2], [0.0, 0.0]], np.float32)
    found = compare_gradients(
        DEAD,
        x,
        activation="relu",
        dtype="bfloat16",
        cast=True,
        candidates=[relu_backward(lambda _: np.float16)],
    )
    assert found.implementations[-1].dtype == "float16"
    assert found.implementations[-1].certificate.failed == 0


def test_a_candidate_of_two_half_precisions_is_told():
    x = np.array([[-0.3, 0.1], [-0.7, 0.2]], np.float32)
    mixed = relu_backward(lambda x: np.float16 if x[0] < -0.5 else ml_dtypes.bfloat16)
    with pytest.raises(UsageError, match="of one dtype, got bfloat16 and float16 in different"):
        compare_gradients(
            DEAD, x, activation="relu", dtype="float32", cast=True, candidates=[mixed]
        )
