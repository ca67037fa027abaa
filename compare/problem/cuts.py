"""Places in a program where implementations can be compared: `cut` names a value."""

import functools
from typing import Any

import jax
from jax.ad_checkpoint import checkpoint_name

from compare.errors import UsageError, shown

_BACKWARD = "d:"  # before the name of a cotangent


def cut(x: Any, name: str) -> Any:
    """Names x, and in the backward pass its cotangent, as a place to compare implementations at.

    It computes nothing: it returns x, also under `jax.jit`, `vmap`, `grad`, `scan` and
    `checkpoint`. Only reverse mode differentiates it.

    Args:
      x: an array.
      name: of the place, such as 'blocks.0.norm'.

    Raises:
      UsageError: for another kind of name.
      TypeError: for a tensor of torch.
    """
    if not isinstance(name, str) or not name or is_cotangent(name):
        known = f", which does not begin with {_BACKWARD!r}" if isinstance(name, str) else ""
        raise UsageError(f"cut: expected a name of the place{known}, got {shown(name)}")
    if type(x).__module__.partition(".")[0] == "torch":
        raise TypeError(
            f"cut: {name}: expected an array of JAX, got one of torch, where the submodules of a "
            "module are its places"
        )
    return _named(x, name)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def _named(x: Any, name: str) -> Any:
    return checkpoint_name(x, name)


def _forward(x: Any, name: str) -> tuple[Any, None]:
    return checkpoint_name(x, name), None


def _backward(name: str, _: None, cotangent: Any) -> tuple[Any]:
    return (checkpoint_name(cotangent, cotangent_name(name)),)


_named.defvjp(_forward, _backward)


def cotangent_name(name: str) -> str:
    """Returns the name of the cotangent of a place."""
    return _BACKWARD + name


def is_cotangent(name: str) -> bool:
    """Whether a name is that of a cotangent."""
    return name.startswith(_BACKWARD)


def place_name(name: str) -> str:
    """Returns the name of the place, of a value or of its cotangent."""
    return name.removeprefix(_BACKWARD)
