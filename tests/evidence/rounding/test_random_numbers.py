"""Keys pass through slices and lookups, and give the same random numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare.evidence.rounding import roundoff
from tests.support.rounding import F32, F64, U, assert_within

KEY = jax.random.key(3)
X = np.linspace(-3, 3, 24, dtype=F32).reshape(6, 4)


@pytest.mark.parametrize(
    "draw",
    [
        lambda key: jax.random.uniform(jax.random.split(key)[1], (5,)),
        lambda key: jax.random.uniform(jax.random.split(key, 3)[jnp.array([2, 0])][1], (5,)),
        lambda key: jax.random.uniform(jax.random.split(key, 3).at[0].set(key)[0], (5,)),
        lambda key: jax.random.uniform(jnp.stack([key, jax.random.fold_in(key, 2)])[1], (5,)),
        lambda key: jax.random.randint(key, (5,), 0, 9),
        lambda key: jax.random.bernoulli(key, 0.7, (5,)),
        lambda key: jnp.where(jax.random.bernoulli(key, 0.7, (6, 4)), X, 0),  # dropout
    ],
)
def test_the_same_random_numbers_are_drawn(draw):
    value, bound = roundoff(draw, F32)(KEY)
    computed = np.asarray(draw(KEY))
    assert np.all(bound <= (U if computed.dtype == F32 else 0))
    assert_within(computed.astype(F64), value, bound)
