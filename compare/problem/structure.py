"""What one program returns in the structure of what another does."""

import collections
import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

import jax

from compare.errors import UsageError
from compare.numbers import first_few
from compare.problem.function import Outputs, named_outputs

_STEP = re.compile(r"\['(.*?)'\]|\[(.*?)\]|\.(\w+)")  # of a path, as Python writes it
_MOST_NAMED = 6


def opened(made: Any) -> Any:
    """Returns what a program made as a tree of JAX, in which only arrays and numbers are left.

    Of what JAX does not know as a tree, a dataclass becomes a named tuple, and a mapping a dict.
    """
    return jax.tree.map(_opened, made)


def _opened(one: Any) -> Any:
    if dataclasses.is_dataclass(one) and not isinstance(one, type):
        return opened(fields_of(one))
    if isinstance(one, Mapping):
        return opened(dict(one))
    return one if hasattr(one, "shape") or isinstance(one, bool | int | float) else None


def fields_of(one: Any) -> Any:
    """Returns the fields of a dataclass as a named tuple, which keeps their order."""
    names = [field.name for field in dataclasses.fields(one)]
    kind = collections.namedtuple(type(one).__name__, names, rename=True)  # type: ignore[misc]
    return kind(*(getattr(one, name) for name in names))


def is_like(made: Any, outputs: Outputs) -> bool:
    """Whether what a program made fits into the structure of what the reference returns."""
    try:
        restructured(made, outputs, "")
    except UsageError:
        return False
    return True


def restructured(made: Any, outputs: Outputs, where: str) -> Any:
    """Returns what a program made in the structure of what the reference returns.

    A list may stand for a tuple, and a dataclass for a dict of the same names or for a tuple, if
    both have as many leaves, and those in the same shapes.

    Args:
      made: arrays of any framework.
      outputs: of the reference.
      where: what made them, as errors begin.

    Raises:
      UsageError: if they do not fit.
    """
    found, names = dict(named_outputs(opened(made))), list(outputs.shapes)
    order = _order(list(found), names)
    if order is None:
        raise UsageError(
            f"{where}: expected what the reference returns, {_listed(names)}, got "
            f"{_listed([*found])}"
        )
    for name, own in zip(names, order, strict=True):
        _check(f"{where}: {own}", found[own], outputs.shapes[name], is_loss=outputs.is_loss)
    return outputs.structure.unflatten([found[own] for own in order])


def _check(where: str, one: Any, expected: Any, *, is_loss: bool) -> None:
    """Checks the shape of one output."""
    shape, expected_shape = tuple(getattr(one, "shape", ())), tuple(expected.shape)
    if shape != expected_shape:
        is_number = is_loss and not expected_shape
        wanted = "one number, a loss," if is_number else f"the shape {expected_shape}"
        raise UsageError(
            f"{where}: expected {wanted} as the reference returns, got the shape {shape}"
        )


def _order(found: list[str], names: list[str]) -> list[str] | None:
    """Returns which of the names found is which; None if that cannot be told."""
    if len(found) != len(names):
        return None
    own = {_steps(name): name for name in found}
    if set(own) == set(map(_steps, names)):
        return [own[_steps(name)] for name in names]
    are_ordered = not any("['" in name for name in (*found, *names))  # as dicts are not
    return found if are_ordered and (_are_positions(found) or _are_positions(names)) else None


def _steps(name: str) -> tuple[str, ...]:
    """Returns the keys in a path, whatever kind of container they are of."""
    return tuple("".join(step) for step in _STEP.findall(name))


def _are_positions(names: Sequence[str]) -> bool:
    return all(step.isdigit() for name in names for step in _steps(name))


def _listed(names: Sequence[str]) -> str:
    return first_few(names, _MOST_NAMED) or "nothing"
