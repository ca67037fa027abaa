"""The numbers of fewest digits that occur in a program of JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare.problem.narrowest import digits

X = np.ones((2, 3))


def masked(x):
    mask = (x > 0).astype(jnp.float32)
    return x * jnp.broadcast_to(mask * mask, (2, 3)).astype(x.dtype)


def rounded(x):
    return x * x.astype(jnp.float32).astype(x.dtype)


def shifted(x):
    return x * ((x > 0).astype(jnp.float32) - 0.1).astype(x.dtype)


@pytest.mark.parametrize(
    ("f", "narrowest"),
    [
        (masked, "float64"),
        (jax.jit(masked), "float64"),
        (rounded, "float32"),
        (jax.jit(rounded), "float32"),
        (shifted, "float32"),
        (jnp.sin, "float64"),
    ],
    ids=["mask", "compiled mask", "rounded", "compiled rounded", "shifted", "float64"],
)
def test_a_mask_has_all_its_digits_in_every_dtype(f, narrowest):
    with jax.enable_x64(True):
        found = digits(jax.make_jaxpr(f)(X)).narrowest
    assert found == narrowest
