"""Kernels of low precision that compute in float32 inside and round each result once."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare import UsageError, compare_functions

RNG = np.random.default_rng(0)
X, GAIN = RNG.standard_normal((8, 64)) + 0.5, 1 + 0.1 * RNG.standard_normal((1, 64))


def layer_norm(x, gain, eps=1e-5):
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + eps) * gain


def fused(x, gain, **kwargs):
    wide = layer_norm(x.astype(jnp.float32), gain.astype(jnp.float32), **kwargs)
    return wide.astype(x.dtype)


def slightly_off(x, gain):
    return fused(x, 1.02 * gain)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_fused_kernel_keeps_to_the_contract_in_both_directions(dtype):
    report = compare_functions(layer_norm, fused, X, GAIN, dtype=dtype, inside="float32")
    (found,) = report.candidates
    assert (report.verdict, found.basis) == ("agree", "certificate")
    assert 0.5 < max(one.used for one in found.checks) <= 1


def test_the_contract_forbids_what_operations_of_bfloat16_may_do():
    args = layer_norm, slightly_off, X, GAIN
    plain = compare_functions(*args, dtype="bfloat16").candidates[0]
    assert plain.basis == "float64"
    assert all(one.holds for one in plain.checks)
    report = compare_functions(*args, dtype="bfloat16", inside="float32")
    (found,) = report.candidates
    assert (report.verdict, found.basis, found.first.name) == ("disagree", "certificate", "output")


@jax.custom_vjp
def slope_off(x, gain):
    return fused(x, gain)


def _backward(kept, slope):
    dx, dgain = jax.vjp(layer_norm, *(each.astype(jnp.float32) for each in kept))[1](
        slope.astype(jnp.float32)
    )
    return (dx * 1.01).astype(slope.dtype), dgain.astype(slope.dtype)


slope_off.defvjp(lambda *args: (fused(*args), args), _backward)


def test_in_float64_the_rounding_of_results_to_bfloat16_excuses_nothing():
    # given float64 it rounds to float32 inside, and never to bfloat16
    report = compare_functions(layer_norm, slope_off, X, GAIN, dtype="bfloat16", inside="float32")
    (found,) = report.candidates
    assert (report.verdict, found.first.name) == ("disagree", "args[0]")


@pytest.mark.parametrize(("dtype", "inside"), [("float32", "float64"), ("float64", "float32")])
def test_inside_is_for_dtypes_of_low_precision(dtype, inside):
    with pytest.raises(UsageError, match="inside: expected float32 with a dtype of bfloat16"):
        compare_functions(layer_norm, fused, X, GAIN, dtype=dtype, inside=inside)
