"""Convolutions in every configuration, and their gradients."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch
from jax import lax

from compare.evidence.rounding import roundoff
from tests.support.rounding import F32, TINY, U, assert_within, bound_of

# images and kernels -> a convolution of them
CONFIGURATIONS = {
    "1D": ((2, 3, 9), (4, 3, 3), {"window_strides": (2,), "padding": "SAME"}),
    "2D, channels last": (
        (2, 6, 5, 3),
        (3, 2, 3, 4),
        {
            "window_strides": (1, 2),
            "padding": ((0, 2), (-1, 3)),
            "dimension_numbers": ("NHWC", "HWIO", "NHWC"),
        },
    ),
    "3D, dilated": (
        (1, 2, 4, 5, 3),
        (2, 2, 2, 3, 1),
        {"window_strides": (1, 1, 1), "padding": "VALID", "rhs_dilation": (2, 1, 3)},
    ),
    "transposed": (
        (2, 3, 4, 4),
        (2, 3, 3, 3),
        {"window_strides": (1, 1), "padding": ((2, 1), (-2, 2)), "lhs_dilation": (3, 2)},
    ),
    "features in groups": (
        (2, 6, 5, 5),
        (9, 2, 3, 2),
        {"window_strides": (2, 1), "padding": "SAME", "feature_group_count": 3},
    ),
    "batch in groups": (
        (4, 3, 5, 5),
        (6, 3, 2, 2),
        {"window_strides": (1, 1), "padding": "VALID", "batch_group_count": 2},
    ),
    "no size": ((3, 4), (5, 4), {"window_strides": (), "padding": ()}),
    "no images": ((0, 3, 9), (4, 3, 3), {"window_strides": (1,), "padding": "SAME"}),
    "no channels": ((2, 0, 9), (4, 0, 3), {"window_strides": (1,), "padding": "SAME"}),
}


def normal(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(F32) for shape in shapes]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_configuration_is_that_of_lax(name):
    *shapes, options = CONFIGURATIONS[name]
    x, k = normal(*shapes)

    def convolve(x, k):
        return lax.conv_general_dilated(x, k, **options)

    value, bound = bound_of(convolve, x, k)
    with jax.enable_x64(True):
        expected = convolve(*(jnp.asarray(one, np.float64) for one in (x, k)))
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12)
    assert_within(np.asarray(convolve(x, k)), value, bound)
    sizes, _ = roundoff(convolve, np.float64)(abs(x), abs(k))
    assert np.all(bound <= 60 * U * sizes + TINY)


@pytest.mark.parametrize("name", ["2D, channels last", "batch in groups"])
def test_bounds_are_the_same_under_jit(name):
    *shapes, options = CONFIGURATIONS[name]
    analysed = roundoff(lambda x, k: lax.conv_general_dilated(x, k, **options), F32, reading="both")
    args = normal(*shapes)
    with jax.enable_x64(True):
        traced = jax.jit(analysed)(*args)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-30),
        traced,
        analysed(*args),
    )


def with_gradients(x, k, g):
    made, pull = jax.vjp(lambda x, k: lax.conv(x, k, (1, 1), "SAME"), x, k)
    return (made, *pull(g))


def by_torch(x, k, g):
    x, k = (torch.tensor(one, requires_grad=True) for one in (x, k))
    made = torch.nn.functional.conv2d(x, k, padding="same")
    made.backward(torch.tensor(g))
    return [one.detach().numpy() for one in (made, x.grad, k.grad)]


@pytest.mark.parametrize("offset", [0, 1e4])
def test_torch_and_both_gradients(offset):
    x, k, g = normal((2, 3, 24, 24), (4, 3, 3, 3), (2, 4, 24, 24))
    x = x + F32(offset)
    values, bounds = roundoff(with_gradients, F32, reading="both")(x, k, g)
    assert np.shape(values[2]) == k.shape
    for parts in zip(by_torch(x, k, g), values, bounds.worst, bounds.typical, strict=True):
        computed, value, worst, typical = parts
        assert_within(computed, value, worst)
        assert np.all(abs(computed - value) < 3 * typical)
        assert np.all(typical <= worst)


def test_a_gradient_of_weights_is_rounded_by_its_partial_sums():
    """Its terms are of one sign within an image and cancel between images."""
    x, k, g = (abs(one) + 1 for one in normal((2, 1, 64, 64), (1, 1, 1, 1), (2, 1, 64, 64)))
    x[1], g[1] = x[0], -g[0]
    values, bounds = roundoff(with_gradients, F32, reading="typical")(x, k, g)
    largest = np.sum(x[0].astype(np.float64) * g[0])
    assert abs(values[2]) < 1e-9
    assert bounds[2] > 0.3 * np.sqrt(2 * 64 * 64) * U * largest


def test_images_may_be_added_up_in_another_order():
    """XLA adds up every eighth of them apart, which are of one sign here."""
    x, k, g = np.ones((32, 1, 8, 8), F32), np.ones((1, 1, 1, 1), F32), np.ones((32, 1, 8, 8), F32)
    g[::2] = -1
    values, bounds = roundoff(with_gradients, F32, reading="typical")(x, k, g)
    assert values[2] == 0
    assert bounds[2] > 0.9 * np.sqrt(32 * 64) * U * np.sqrt(32) * 64


def test_a_sum_over_the_inner_axis_that_cancels_along_the_outer_one():
    x, g = (abs(one) + 1 for one in normal((2, 1000, 1), (2, 1000, 1)))
    x[1], g[1] = x[0], -g[0]
    value, bound = bound_of(lambda x, g: jnp.einsum("bti,bto->io", x, g), x, g, reading="typical")
    largest = np.sum(x[0].astype(np.float64) * g[0])
    assert abs(value) < 1e-9
    assert bound > 0.3 * np.sqrt(2000) * U * largest


def test_padding_and_gaps_are_no_terms():
    x, k = F32([[[1, 2, 3]]]), np.full((1, 1, 3), 3, F32)
    _, bound = bound_of(lambda x, k: lax.conv(x[..., :1], k, (1,), "SAME"), x, k)
    assert bound == pytest.approx(3 * U, rel=1e-6)
    spread = {"padding": [(2, 2)], "lhs_dilation": (3,)}
    value, bound = bound_of(lambda x, k: lax.conv_general_dilated(x, k, (1,), **spread), x, k)
    assert bound == pytest.approx(value * U, rel=1e-6)


def test_integers_are_exact_and_what_is_asked_for_has_its_own_dtype():
    def convolve(dtype):
        return lambda x, k: lax.conv_general_dilated(
            x, k, (1,), "VALID", preferred_element_type=dtype
        )

    x, k = (np.full(shape, 100, np.int8) for shape in ((1, 2, 4), (1, 2, 3)))
    value, bound = bound_of(convolve(np.int32), x, k)
    assert (value == 60_000).all()
    assert (bound == 0).all()
    half = [one.astype(ml_dtypes.bfloat16) for one in (x, k)]
    _, bound = bound_of(convolve(np.float32), *half, dtype=ml_dtypes.bfloat16)
    assert np.all(bound < 7 * U * 60_000)


def test_infinity_in_one_group_may_be_nan_in_another():
    """XLA multiplies all groups with kernels that are 0 in the others."""
    x, k = normal((1, 4, 6), (4, 2, 2))
    x[0, 0, 0] = np.inf
    grouped = {"padding": "VALID", "feature_group_count": 2}
    _, bound = bound_of(lambda x, k: lax.conv_general_dilated(x, k, (1,), **grouped), x, k)
    assert np.isinf(bound[0, :, 0]).all()
    assert np.isfinite(bound[0, :, 1:]).all()
