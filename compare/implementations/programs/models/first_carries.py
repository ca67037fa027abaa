"""The first carries of recurrent cells of Flax linen, in the dtype of the weights."""

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_NAME = "initialize_carry"
_DTYPE = "param_dtype"


@contextlib.contextmanager
def wide_carries() -> Iterator[None]:
    """Makes the first carries of float64 while the context lasts, if linen is loaded.

    A cell makes them of its own `param_dtype`, float32, also where its weights are of float64, and
    `jax.lax.scan` refuses a carry that comes out in another dtype than it went in.
    """
    linen = sys.modules.get("flax.linen")
    with contextlib.ExitStack() as stack:
        for kind in _kinds(linen.RNNCellBase) if linen else ():
            own = vars(kind)[_NAME]
            stack.callback(setattr, kind, _NAME, own)
            setattr(kind, _NAME, _wide(own))
        yield


def _kinds(base: Any) -> Iterator[Any]:
    """Yields all kinds of cells that have a method of their own for it."""
    if _NAME in vars(base):
        yield base
    for kind in base.__subclasses__():
        yield from _kinds(kind)


def _wide(own: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(own)
    def initialize_carry(cell: Any, *args: Any, **kwargs: Any) -> Any:
        before = {key: one for key, one in vars(cell).items() if key == _DTYPE}
        vars(cell).update(dict.fromkeys(before, np.float64))
        try:
            return jax.tree.map(_widened, own(cell, *args, **kwargs))
        finally:
            vars(cell).update(before)

    return initialize_carry


def _widened(one: Any) -> Any:
    is_float = jnp.issubdtype(jnp.asarray(one).dtype, jnp.floating)
    return jnp.asarray(one, np.float64) if is_float else one
