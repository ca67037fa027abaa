"""Functions that jump, and comparisons as sorting makes them."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.selftest.primitives.base import Array, Binary, Primitive, chosen, everywhere


def _away(a: Array, b: Array) -> Array:
    return np.copysign(np.floor(np.abs(a) + 0.5), a)


def _bits(a: Array) -> Array:
    return lax.bitcast_convert_type(a, f"uint{8 * a.dtype.itemsize}")


def _inserted(side: str, truth: Binary) -> Primitive:
    """Makes the place of a beside b alone: whether it comes after it."""

    def place(a: Array, b: Array) -> Array:
        return jnp.searchsorted(b[None], a, side, method="compare_all")

    return Primitive(jax.vmap(place), truth)


def _one_zero(a: Array) -> Array:
    """Makes one of -0 and 0, and of all NaN, as JAX does before it compares in this way."""
    return jnp.where(a == 0, 0.0, jnp.where(jnp.isnan(a), jnp.nan, a)).astype(a.dtype)


STEPS: dict[str, Primitive] = {
    "floor": everywhere(lambda xp, a, b: xp.floor(a)),
    "ceil": everywhere(lambda xp, a, b: xp.ceil(a)),
    "round": everywhere(lambda xp, a, b: xp.round(a)),
    "round, away from 0": Primitive(lambda a, b: lax.round(a), _away),
    "rem": everywhere(lambda xp, a, b: xp.fmod(a, b)),
    "nextafter": chosen(lambda xp, a, b: xp.nextafter(a, b) > a)._replace(
        truth=lambda a, b: np.where(b > a, 7.0, 5.0), by_torch=None
    ),
    "reduce_precision": Primitive(lambda a, b: lax.reduce_precision(a, 5, 6), lambda a, b: a),
    "bitcast_convert_type": Primitive(
        lambda a, b: lax.bitcast_convert_type(_bits(a), a.dtype), lambda a, b: a
    ),
    "xor": chosen(lambda xp, a, b: (a > b) ^ (b > 0)),
    "lt_to": _inserted("left", lambda a, b: (b < a) | (np.isnan(a) & ~np.isnan(b))),
    "le_to": _inserted("right", lambda a, b: (b <= a) | np.isnan(a)),
    "eq_to": chosen(lambda xp, a, b: (a == b) | ((a != a) & (b != b)))._replace(
        by_jax=lambda a, b: jnp.where(lax.eq_to_p.bind(_one_zero(a), _one_zero(b)), 7.0, 5.0),
        by_numpy=None,
        by_torch=None,
    ),
}
