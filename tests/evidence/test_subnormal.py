"""Numbers below the smallest normal one: who flushes them, and that they are no disagreement."""

import functools

import numpy as np
import pytest
import torch

from compare import compare_gradients
from compare.evidence.rounding.probes import probe
from compare.report.text.report import format_report
from jaxmlp import init_params
from tests.support.backwards import factor_2_missing
from tests.support.networks import ALL_ACTIVATIONS, SEVEN

ALL_FOUR = ("jax_grad", "jax_manual", "torch_autograd", "numpy_manual")
SIZES = (3, 5, 4, 2)
SUBNORMAL = {np.float32: 1e-39, np.float64: 1e-309}


def faint_below(layers, x, y, scale):
    """Faint weights above make delta1, and so all of dw1 and db1, subnormal."""
    (w2, b2), (w3, b3) = layers[1:]
    root = np.sqrt(scale)
    return [layers[0], (3 * root * w2, b2), (3 * root * w3, b3)], x, y


def faint_inputs(layers, x, y, scale):
    """Subnormal x make dw1 subnormal."""
    return layers, scale * x, y


def faint_output(layers, x, y, scale):
    """Subnormal weights of the last layer make everything below it subnormal."""
    return [*layers[:2], (scale * layers[2][0], layers[2][1])], x, y


def faint_everywhere(layers, x, y, scale):
    """Even delta3 = 2 (yhat - y) is subnormal."""
    return [(w, scale * b) for w, b in layers], scale * x, scale * y


@functools.cache
def compared(make, activation, dtype):
    rng = np.random.default_rng(3)
    layers = [tuple(layer) for layer in init_params(rng, SIZES, dtype=np.float64)]
    drawn = make(layers, rng.random((8, 3)), rng.random((8, 2)), SUBNORMAL[dtype])
    layers, x, y = drawn
    layers = [(w.astype(dtype), b.astype(dtype)) for w, b in layers]
    arrays = (layers, x.astype(dtype), y.astype(dtype))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("compare.problem.blocks._LARGEST_BLOCK", 8)  # no padding
        return compare_gradients(*arrays, activation=activation, implementations=ALL_FOUR)


def negligible(report):
    return sum(comparison.negligible for pair in report.pairs for comparison in pair.parameters)


# Hidden layers have two activations; each stands in the first and, in the other dtype, the second.
PAIRED = tuple(map(",".join, zip(ALL_ACTIVATIONS, np.roll(ALL_ACTIVATIONS, -1), strict=True)))


def in_turns(make, activations):
    return [(make, one, tuple(SUBNORMAL)[i % 2]) for i, one in enumerate(activations)]


CASES = [
    *in_turns(faint_below, PAIRED),
    *in_turns(faint_output, PAIRED[::2]),
    *in_turns(faint_inputs, SEVEN),  # which see the biases
]


@pytest.mark.parametrize(("make", "activation", "dtype"), CASES)
def test_subnormal_gradients_agree(make, activation, dtype):
    report = compared(make, activation, dtype)
    assert (report.verdict, report.warnings) == ("agree", ())
    for one in report.implementations:
        assert one.certificate.failed == 0
        # selu has a kink at 0, near to which nothing may be known of a subnormal gradient
        assert one.certificate.certified == 8 or "selu" in activation
    assert negligible(report) > 0
    largest = max(c.max_rel.value for pair in report.pairs for c in pair.parameters if c.max_rel)
    assert largest < 1e-3  # though what is flushed differs by 100 % from what is not


@pytest.mark.parametrize("activation", [*ALL_ACTIVATIONS])
def test_what_is_flushed_on_the_way_to_a_normal_number_is_no_mistake(activation):
    """tanh multiplies what it has flushed by 1 + h, and softsign by z."""
    z = np.repeat(np.linspace(-12, 12, 49), 8).astype(np.float32)
    w2 = np.float32(1e-19)
    y = -np.tile(np.geomspace(3, 300, 8), 49).astype(np.float32) * np.float32(1.2e-38) / w2
    layers = [(np.eye(1, dtype=np.float32), np.zeros(1, np.float32)), (w2[None, None], [0.0])]
    report = compare_gradients(
        layers, z[:, None], y[:, None], activation=activation, loss="half_squared"
    )
    assert report.verdict == "agree"
    assert {one.certificate.failed for one in report.implementations} == {0}


def test_they_are_counted_in_the_report():
    report = compared(faint_below, "tanh", np.float32)
    pair = report.pairs[0]
    entries = sum(comparison.negligible for comparison in pair.parameters)
    said = f"{entries} entries are below the smallest normal float32 on both"
    assert said in " ".join(format_report(report, width=100, verbose=True).split())


@pytest.mark.parametrize("dtype", SUBNORMAL)
def test_where_all_there_is_may_be_flushed_nothing_is_claimed(dtype):
    report = compared(faint_everywhere, "tanh", dtype)
    assert report.verdict == "undecided"
    assert {one.certificate.failed for one in report.implementations} == {0}


def test_a_mistake_above_subnormal_gradients_is_found():
    rng = np.random.default_rng(3)
    layers = [tuple(layer) for layer in init_params(rng, SIZES)]
    layers, x, y = faint_below(layers, rng.random((8, 3)), rng.random((8, 2)), 1e-39)
    layers = [(np.float32(w), np.float32(b)) for w, b in layers]

    report = compare_gradients(
        layers,
        np.float32(x),
        np.float32(y),
        activation="sigmoid",
        candidates=[factor_2_missing],
    )
    assert report.verdict == "disagree"
    assert report.reason.startswith(
        "the gradient of factor_2_missing is half of what the chain rule gives,"
    )


def engines(dtype):
    rng = np.random.default_rng(0)
    layers = [tuple(layer) for layer in init_params(rng, SIZES, dtype=dtype)]
    report = compare_gradients(layers, rng.random((2, 3)).astype(dtype))
    assert report.verdict == "agree"
    return {
        one.framework: (one.probed.keeps_subnormal_inputs, one.probed.keeps_subnormal_results)
        for one in report.engines
    }


@pytest.mark.isa
@pytest.mark.parametrize("dtype", SUBNORMAL)
def test_xla_flushes_on_the_cpu_and_torch_does_not(dtype):
    assert engines(dtype) == {"jax": (False, False), "torch": (True, True)}


@pytest.mark.parametrize("dtype", SUBNORMAL)
def test_a_torch_that_is_told_to_flush_is_found_out(dtype):
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush")
    try:
        assert engines(dtype) == {"jax": (False, False), "torch": (False, False)}
    finally:
        torch.set_flush_denormal(False)


@pytest.mark.parametrize("dtype", SUBNORMAL)
def test_numpy_which_evidence_is_computed_with_keeps_them(dtype):
    def multiply(factors):
        return [a * b if a.ndim != 2 else a @ b for a, b in factors]

    probed = probe(multiply, SIZES, np.dtype(dtype), samples=8)
    assert probed.keeps_subnormal_inputs
    assert probed.keeps_subnormal_results
