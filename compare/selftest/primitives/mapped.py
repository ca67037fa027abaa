"""Sums and extremes over an axis that `jax.vmap` has a name for."""

from collections.abc import Callable

import jax
import numpy as np

from compare.selftest.primitives.base import Array, Primitive


def _mapped(by_jax: Callable[[Array, str], Array], truth: Callable[..., Array]) -> Primitive:
    over = jax.vmap(lambda a: by_jax(a, "row"), in_axes=1, out_axes=None, axis_name="row")
    return Primitive(lambda a, b: over(a), lambda a, b: truth(a, axis=1), shape=(-1, 8), numbers=8)


MAPPED: dict[str, Primitive] = {
    "psum": _mapped(jax.lax.psum, np.sum),
    "pmax": _mapped(jax.lax.pmax, np.max),
    "pmin": _mapped(jax.lax.pmin, np.min),
}
