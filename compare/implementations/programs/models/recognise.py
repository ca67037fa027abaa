"""Which framework's model it is that a user brings."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from compare.errors import UsageError, shown
from compare.implementations.programs.model import JaxModel, Model
from compare.implementations.programs.models.equinox import equinox_model, is_equinox
from compare.implementations.programs.models.function import function_model
from compare.implementations.programs.models.haiku import haiku_model, is_haiku
from compare.implementations.programs.models.linen import is_bound, is_linen, linen_model
from compare.implementations.programs.models.nnx import is_nnx, nnx_model
from compare.implementations.user.sandbox import errors_told
from compare.numbers import first_few

_MOST_NAMED = 4  # weights, in an error


def is_model(given: Any) -> bool:
    """Whether this is a model of a framework of JAX, a `Model`, or what is made of them."""
    known = (is_linen, is_haiku, is_nnx, is_equinox)
    return isinstance(given, Model | JaxModel) or any(is_one(given) for is_one in known)


def check_unwrapped(where: str, given: Any) -> None:
    """Checks that this is no function such as `jax.vmap(model)`, which hides a model of Equinox.

    Raises:
      UsageError: if it is.
    """
    inner, f = given, given
    while (f := getattr(f, "__wrapped__", None)) is not None:
        inner = f
    if is_equinox(inner) and not is_equinox(given):
        raise UsageError(
            f"{where}: expected a model of Equinox as it is, whose weights can be seen, got a "
            "function that calls one, such as jax.vmap(model); pass model: it is called for a "
            "batch, or for each sample of it"
        )


def function_of(given: Any) -> Any:
    """Returns what a `Model` holds, or the model itself."""
    return given.function if isinstance(given, Model) else given


def check_holds_weights(where: str, given: Any, said: str) -> None:
    """Checks that no weights are given for a model that holds its own.

    Args:
      where: names it, as errors begin.
      given: by a user.
      said: what it is.

    Raises:
      UsageError: if there are.
    """
    if isinstance(given, Model) and given.weights is not None:
        raise UsageError(f"{where}: weights: expected none beside {said}, which holds its own")


def jax_model(where: str, given: Any, theirs: Mapping[str, np.ndarray] | None = None) -> JaxModel:
    """Returns a model as a function of its weights by their names.

    Args:
      where: names it, as errors begin.
      given: for which `is_model` holds, and that is no torch module.
      theirs: the weights of the reference, of which a conversion makes those of the model.

    Raises:
      UsageError: if it lacks weights, or has some that do not fit.
    """
    if isinstance(given, JaxModel):
        return given
    f = function_of(given)
    weights: Any = given.weights if isinstance(given, Model) else None
    if is_conversion(given):
        if theirs is None:
            raise UsageError(
                f"{where}: weights: expected arrays, got a conversion, {shown(weights)}, which has "
                "no weights of a reference to convert"
            )
        weights = _converted(where, weights, theirs)
    if is_nnx(f):
        check_holds_weights(where, given, "an nnx module")
        return nnx_model(f)
    if is_equinox(f):
        return equinox_model(f, weights)
    if is_linen(f):
        if weights is None and not is_bound(f):
            raise UsageError(
                f"{where}: expected a Flax linen module with its weights, got {shown(f)} alone; "
                "pass Model(module, variables) or module.bind(variables)"
            )
        return linen_model(f, weights)
    if weights is None:
        raise UsageError(f"{where}: expected weights beside {shown(f)}; pass Model(f, weights)")
    return haiku_model(f, weights) if is_haiku(f) else function_model(f, weights)


def _converted(where: str, convert: Any, theirs: Mapping[str, np.ndarray]) -> Any:
    """Returns what a conversion makes of the weights of the reference."""

    def given() -> str:
        names = first_few([f"`{name}`" for name in theirs], _MOST_NAMED)
        return f"it gets arrays of NumPy in a dict, by the names of the reference: {names}"

    with errors_told(f"{where}: conversion: raised", given=given, passes=UsageError):
        made = convert({name: array.copy() for name, array in theirs.items()})
    if made is None:
        raise UsageError(f"{where}: conversion: expected it to return weights, got None")
    return made


def is_conversion(given: Any) -> bool:
    """Whether this makes its weights of those of the reference."""
    weights = given.weights if isinstance(given, Model) else None
    return callable(weights) and not _is_tree(weights)


def _is_tree(weights: Any) -> bool:
    """Whether this is a pytree that holds something, such as a module of Equinox."""
    return not jax.tree_util.all_leaves([weights])
