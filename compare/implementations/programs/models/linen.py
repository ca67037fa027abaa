"""A module of Flax linen as a model."""

import functools
import sys
from collections.abc import Mapping
from typing import Any

from compare.errors import UsageError, shown
from compare.implementations.programs.model import JaxModel
from compare.implementations.programs.models.function import function_model
from compare.implementations.programs.models.groups import STATISTICS, groups_of
from compare.numbers import first_few

_KIND = "Flax linen"
_MOST_NAMED = 4


def is_linen(value: Any) -> bool:
    """Whether this is a module of Flax linen, bound or not; Flax is not loaded to find out."""
    linen = sys.modules.get("flax.linen")
    return linen is not None and issubclass(type(value), linen.Module)


def is_bound(module: Any) -> bool:
    """Whether a module of Flax linen holds its variables, as `module.bind` makes it."""
    return module.scope is not None


def linen_model(module: Any, variables: Any = None) -> JaxModel:
    """Returns a module of Flax linen as a model.

    In train mode it may update its `batch_stats`, and else what it was bound with as mutable.

    Args:
      module: a `flax.linen.Module`; nothing in it is changed.
      variables: as its init returns them, {'params': ..., 'batch_stats': ...}; None of a module
        that is bound to them.

    Raises:
      UsageError: for what are no variables.
    """
    plain = module
    mutable: Any = False  # a filter of linen
    if is_bound(module):
        mutable = module.scope.mutable
        plain, own = module.unbind()
        variables = own if variables is None else variables
    _check_variables(variables)
    if mutable is False and STATISTICS in variables:
        mutable = [STATISTICS]
    apply = functools.partial(plain.apply, mutable=mutable)
    return function_model(apply, variables or {"params": {}}, kind=_KIND)


def _check_variables(variables: Any) -> None:
    """Checks that variables are collections."""
    expected = f"{_KIND}: expected variables as init returns them, {{'params': ...}},"
    if not isinstance(variables, Mapping):
        raise UsageError(f"{expected} got {shown(variables)}")
    if variables and groups_of(variables) is None:
        names = first_few([str(key) for key in variables], _MOST_NAMED)
        raise UsageError(f"{expected} got {names}; give {{'params': them}} if they are its params")
