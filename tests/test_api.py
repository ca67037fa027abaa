import inspect
import re
import types
import typing

import jax
import numpy as np
import pytest
import torch

from compare import Detail, Draw, Machine, Report, UsageError, compare_gradients
from compare.options import groups
from compare.options.config import OPTIONS, Config
from compare.pipeline.compare import compare_problem
from compare.problem.blocks import block_size
from compare.problem.problem import make_problem
from jaxmlp import init_params

SIZES = (2, 4, 3)
PARAMS = init_params(np.random.default_rng(0), SIZES)
X = np.random.default_rng(1).random((5, 2)).astype(np.float32)
Y = np.random.default_rng(2).random((5, 3)).astype(np.float32)

ARGUMENTS = {name: option for name, option in OPTIONS.items() if option.argument}
TAKEN = inspect.signature(compare_gradients).parameters
ARGS = inspect.getdoc(compare_gradients).partition("Args:\n")[2].partition("\n\n")[0]
DESCRIBED = dict(re.findall(r"^  (\w+): (.*(?:\n    .*)*)", ARGS, re.MULTILINE))
BROUGHT = (
    "activation",
    "output",
    "loss",
    "bias",
    "dtype",
)  # a module and the first w have their own


OBJECTS = {"params", "x", "y", "candidate", "candidates", "gradients", "save", "on_block"}
TYPES = typing.get_type_hints(compare_gradients)


@pytest.mark.parametrize("name", sorted(set(ARGUMENTS) - set(groups.FIELDS)))
def test_an_option_has_the_default_and_the_choices_of_the_table(name):
    assert TAKEN[name].default == (None if name in BROUGHT else ARGUMENTS[name].default)
    assert all(choice in DESCRIBED[name] for choice in ARGUMENTS[name].choices)
    assert choices_of(TYPES[name]) in ((), ARGUMENTS[name].choices)


@pytest.mark.parametrize("name", groups.FIELDS)
def test_a_field_of_a_group_has_the_default_and_the_choices_of_the_table(name):
    argument, field = groups.FIELDS[name]
    group = groups.GROUPS[argument]
    assert getattr(group(), field) == OPTIONS[name].default
    assert choices_of(typing.get_type_hints(group)[field]) == OPTIONS[name].choices
    assert f"  {field}: " in inspect.getdoc(group)
    assert f"{field}=" in DESCRIBED[argument]
    assert isinstance(TAKEN[argument].default, group)


def test_every_argument_is_an_option_an_object_or_a_group():
    options = {name for name, option in ARGUMENTS.items() if name not in groups.FIELDS}
    assert set(TAKEN) == set(DESCRIBED) == OBJECTS | options | set(groups.GROUPS)


def choices_of(kind):
    """Returns the literals of a type, in order."""
    if typing.get_origin(kind) is typing.Literal:
        return typing.get_args(kind)
    return sum(map(choices_of, typing.get_args(kind)), ())


def test_what_is_not_given_is_drawn_as_the_command_draws_it():
    drawn = compare_gradients(draw=Draw(layer_sizes=(2, 4, 3), samples=5, seed=7))
    config = Config(layer_sizes=(2, 4, 3), samples=5, seed=7)
    assert drawn == Report.of(compare_problem(make_problem(config), config))
    assert drawn.command == "python -m compare.run --layer_sizes=2,4,3 --samples=5 --seed=7"


def test_weights_alone_get_samples_that_are_drawn():
    report = compare_gradients(PARAMS, draw=Draw(samples=7))
    assert (report.verdict, report.config["samples"], report.config["seed"]) == ("agree", 7, 0)
    assert report.command is None  # no command has these weights


def test_what_is_in_memory_alone_is_in_no_command():
    report = compare_gradients(candidate=lambda params, x, y: params)
    assert (report.verdict, report.command, report.reproduce) == ("disagree", None, None)


def test_one_candidate_and_several_are_the_same():
    def wrong(params, x, y):
        return params

    reports = [
        compare_gradients(PARAMS, X, **one)
        for one in ({"candidate": wrong}, {"candidates": [wrong]})
    ]
    assert reports[0] == reports[1]
    assert reports[0].implementations[-1].name == "wrong"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"y": Y}, "x: expected samples beside the labels y, got None"),
        ({"x": X}, "params: expected weights beside the samples x, got None"),
        (
            {"params": PARAMS, "draw": Draw(layer_sizes=(1, 1))},
            r"draw\.layer_sizes: params or x .*",
        ),
        ({"params": PARAMS, "x": X, "draw": Draw(samples=3)}, r"draw\.samples: params or x .*"),
        ({"draw": {"seed": 1}}, r"draw: expected compare.Draw\(...\), got dict"),
    ],
)
def test_half_of_a_problem_is_told(given, said):
    with pytest.raises(UsageError, match=f"^{said}$"):
        compare_gradients(**given)


def test_arrays_of_any_kind_give_the_same_report():
    reports = [
        compare_gradients(PARAMS, X, Y),
        compare_gradients(
            [tuple(map(jax.numpy.asarray, p)) for p in PARAMS], jax.numpy.asarray(X), Y
        ),
        compare_gradients(
            [tuple(torch.nn.Parameter(torch.tensor(v)) for v in p) for p in PARAMS],
            torch.tensor(X),
            Y,
        ),
        compare_gradients([(w.tolist(), b.tolist()) for w, b in PARAMS], X, Y, dtype="float32"),
    ]
    assert all(report == reports[0] for report in reports)


def test_layout_out_in_takes_torch_weights():
    transposed = [(w.T, b) for w, b in PARAMS]
    report = compare_gradients(transposed, X, Y, layout="out_in")
    assert report.verdict == "agree"
    assert report.pairs[0].parameters[0].shape == (4, 2)


def test_dtype_follows_the_weights():
    wide = [(w.astype(np.float64), b.astype(np.float64)) for w, b in PARAMS]
    report = compare_gradients(wide, X, Y)
    assert {one.dtype for one in report.implementations} == {"float64"}
    assert not jax.config.jax_enable_x64


def test_a_float64_implementation_stands_beside_float32_ones():
    report = compare_gradients(PARAMS, X, Y, implementations=("torch_autograd", "numpy_manual"))
    assert [one.dtype for one in report.implementations] == ["float32", "float64"]
    assert report.pairs[0].dtype == "float32"
    assert report.verdict == "agree"


def test_bfloat16_is_widened():
    narrow = [tuple(torch.tensor(v).to(torch.bfloat16) for v in p) for p in PARAMS]
    ours = [
        tuple(jax.numpy.asarray(v.float().numpy(), jax.numpy.bfloat16) for v in p) for p in narrow
    ]
    wide = [tuple(v.float() for v in p) for p in narrow]
    reports = [compare_gradients(p, X, Y, dtype="float32") for p in (narrow, ours, wide)]
    assert reports[0] == reports[1] == reports[2]


def test_cast_rounds_what_does_not_exist():
    x = X.astype(np.float64) + 1e-12
    rounded = compare_gradients(PARAMS, x.astype(np.float32), Y, cast=True)
    assert compare_gradients(PARAMS, x, Y, cast=True) == rounded


def test_the_users_arrays_stay_theirs():
    params, x = [(w.copy(), b.copy()) for w, b in PARAMS], X.copy()
    compare_gradients(params, x, Y)
    params[0][0][:] = 0
    x[:] = 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": X[:, :1]}, r"expected x of shape \[N, 2\].*got \[5, 1\]"),
        ({"y": Y[:4]}, r"^x and y: expected y of shape \[5, 3\].*got \[4, 3\]$"),
        ({"y": np.arange(5)}, r"got \[5\]; numbers of classes go with a cross-entropy$"),
        ({"params": []}, "params: expected .*layer"),
        ({"params": [(PARAMS[0].w, PARAMS[1].b)]}, r"b1: expected shape \(4,\)"),
        (
            {"params": [(PARAMS[0].w, np.full(4, np.nan, np.float32)), PARAMS[1]]},
            "params: b1 has entries that are not finite",
        ),
        (
            {"params": [(np.ones((2, 1), int), np.ones(1, int))]},
            "dtype: .* got 'int64'",
        ),
        ({"activation": "swish"}, "activation: expected one of"),
        ({"implementations": ("jax_grad",)}, "at least two"),
        ({"layout": "C"}, "layout: expected one of"),
        ({"dtype": "float8_e5m2"}, "dtype: expected one of .* float16, got 'float8_e5m2'"),
        (
            {"x": X.astype(np.float64) + 1e-12},
            "x: its float64 values do not all exist in float32, .* pass dtype='float64', or cast=T",
        ),
        ({"x": np.full((5, 2), 1e300)}, "x: .* largest float32 number; pass dtype='float64'$"),
        ({"detail": Detail(trace=5)}, r"^detail\.trace: .* 5 samples"),
        (
            {"machine": Machine(device="tpu")},
            r"^machine\.device: expected cpu, gpu, one of them such as cuda:0, or all; got .tpu",
        ),
    ],
)
def test_bad_arguments(change, message):
    arguments = {"params": PARAMS, "x": X, "y": Y, **change}
    params, x, y = (arguments.pop(name) for name in ("params", "x", "y"))
    with pytest.raises(UsageError, match=message):
        compare_gradients(params, x, y, **arguments)


def test_block_size_depends_on_the_problem_and_bounds_memory():
    def problem_of(layer_sizes, n_samples):
        return types.SimpleNamespace(layer_sizes=layer_sizes, n_samples=n_samples)

    sizes = {100: 2048, 65_535: 2048, 65_536: 8192, 10**6: 8192}
    assert {n: block_size(problem_of((2, 10, 10, 1), n)) for n in sizes} == sizes
    assert block_size(problem_of((784, 512, 512, 10), 10**6)) == 4
    assert block_size(problem_of((10**4, 10**4, 1), 10**6)) == 1


def test_blocks_come_in_order_and_hold_every_sample_once():
    starts, losses = [], []

    def collect(start, block):
        starts.append(start)
        losses.append(block["jax_grad"].loss)

    x = np.random.default_rng(0).random((4098, 2)).astype(np.float32)
    compare_gradients(PARAMS, x, on_block=collect)
    assert starts == [0, 2048, 4096]
    assert [len(loss) for loss in losses] == [2048, 2048, 2]


def test_what_is_detectable_is_counted_in_the_dtype_of_the_run():
    """float64 arrays may come to no more than float32, and then a change is seen as in float32."""
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(n, m)), rng.normal(size=m)) for n, m in ((2, 4), (4, 1))]
    layers = [(w.astype(np.float32), b.astype(np.float32)) for w, b in layers]
    x = rng.random((1, 2)).astype(np.float32)
    names = ("numpy_manual", "torch_autograd")
    report = compare_gradients(layers, x, implementations=names, activation="tanh")
    exact, usual = (one.detectable_ulp for one in report.implementations)
    assert report.implementations[0].dtype == "float64"
    assert all(exact[name] == 1 < ulps < 1000 for name, ulps in usual.items())
