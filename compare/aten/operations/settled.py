"""What is decided before a program runs: assertions, and dropout that drops nothing."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp


def dropout(x: Any, p: float, train: bool | None) -> tuple[Any, Any]:
    """Returns x and a mask of all of it, where none of it is dropped."""
    if p != 0 and train is not False:
        raise NotImplementedError(
            "dropout drops entries at random: give a module in eval() or with p=0"
        )
    return x, jnp.ones(x.shape, bool)


def _nothing(*_: Any, **__: Any) -> None:
    """Asserts nothing: torch has done that when the program was exported."""


OPERATIONS: dict[str, Callable[..., Any]] = {
    "native_dropout.default": dropout,
    "_assert_tensor_metadata.default": _nothing,
    "_assert_scalar.default": _nothing,
    "_assert_async.msg": _nothing,
}
