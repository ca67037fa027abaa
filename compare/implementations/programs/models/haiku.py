"""What `haiku.transform` returns as a model."""

import inspect
import sys
from collections.abc import Mapping
from typing import Any

from compare.errors import UsageError, shown
from compare.implementations.programs.model import JaxModel
from compare.implementations.programs.models.function import function_model
from compare.implementations.programs.models.groups import groups_of

_KIND = "Haiku"
_KINDS = (
    "Transformed",
    "TransformedWithState",
    "MultiTransformed",
    "MultiTransformedWithState",
)


def is_haiku(value: Any) -> bool:
    """Whether `haiku.transform` or one of its kin made this; Haiku is not loaded to find out."""
    haiku = sys.modules.get("haiku")
    return haiku is not None and type(value) in [getattr(haiku, name) for name in _KINDS]


def haiku_model(transformed: Any, weights: Any = None) -> JaxModel:
    """Returns a function that `haiku.transform` or `transform_with_state` has made pure as a model.

    It is applied without a key of random numbers.

    Args:
      transformed: (init, apply).
      weights: params; of `transform_with_state` the pair (params, state).

    Raises:
      UsageError: for other weights, and for a function of several.
    """
    if type(transformed).__name__.startswith("Multi"):
        raise UsageError(
            f"{_KIND}: expected one function, got several by multi_transform; give "
            "Model(lambda params, x: ..., params), which calls the one to be compared"
        )
    has_state = "WithState" in type(transformed).__name__
    _check_weights(weights, has_state=has_state)
    rest = [None] * _takes_key(transformed.apply, 1 + has_state)

    def apply(given: Any, *inputs: Any) -> Any:
        return transformed.apply(*(given if has_state else (given,)), *rest, *inputs)

    return function_model(apply, weights, kind=_KIND)


def _takes_key(apply: Any, position: int) -> bool:
    """Whether an apply takes a key after so many arguments, as it does by itself."""
    names = list(inspect.signature(apply).parameters)
    return names[position : position + 1] == ["rng"]


def _check_weights(weights: Any, *, has_state: bool) -> None:
    expected = "the pair (params, state)" if has_state else "params"
    is_pair = isinstance(weights, tuple) and groups_of(weights) is not None
    if is_pair if has_state else isinstance(weights, Mapping):
        return
    got = shown(weights) if weights is not None else "a function alone"
    if is_pair:
        got = "the pair (params, state); leave the state out, or take hk.transform_with_state"
    if has_state and isinstance(weights, Mapping):
        got = "params alone"
    raise UsageError(
        f"{_KIND}: expected Model(f, weights) with {expected} as init returns, got {got}"
    )
