"""Ties and kinks: where two numbers are equal, either of them may be taken for the larger one.

There a formula has several slopes, and every program chooses one. The slope of relu at 0 may be 0,
1 or 1/2; of equal entries the first may be the largest, or all of them share.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jax.extend.core import jaxprs_in_params

from compare.evidence.local.specification import Specification
from compare.evidence.rounding.enclosure import Analysis, Enclosure, Equation, Winners
from compare.evidence.rounding.interpreter import interpret
from compare.evidence.rounding.kinds import is_float
from compare.evidence.rounding.places import Calls

Operands = list[Enclosure]


class Ties(Calls):
    """Applies equations as if equal numbers that are compared had a tiny error.

    So either of them may be the larger one. Only numbers that depend on what is differentiated are
    treated so: an argument that is not, such as a mask, has no slope.
    """

    def __init__(self, specification: Specification) -> None:
        super().__init__()
        walk = _Dependence()
        walk.through(specification.traced.closed, specification.differentiated)
        self._compare = walk.found

    def apply(
        self, analysis: Analysis, eqn: Equation, operands: Sequence[Enclosure]
    ) -> list[Enclosure]:
        """Evaluates an equation."""
        if eqn.primitive.name == "reduce_sum":
            return [_counted(operands[0], one) for one in super().apply(analysis, eqn, operands)]
        opened = _COMPARISONS.get(eqn.primitive.name)
        if opened is None or id(eqn) not in self._compare:
            return super().apply(analysis, eqn, operands)
        is_exact = not any(np.any(one.error) for one in operands)
        given = opened(eqn, list(operands))
        made = super().apply(analysis, eqn, given)
        return [_remembering(made[0], eqn, given), *made[1:]] if is_exact else made


class _Dependence:
    """Finds the equations that compare what depends on certain inputs."""

    def __init__(self) -> None:
        self.found: set[int] = set()  # identities of equations

    def through(self, closed: Any, args: Sequence[bool]) -> list[bool]:
        """Evaluates a jaxpr, in which a value is whether it depends on them."""
        return interpret(closed, args, constant=lambda _: False, apply=self._apply)

    def _apply(self, eqn: Any, operands: Sequence[bool]) -> list[bool]:
        depends = any(operands)
        if depends and eqn.primitive.name in _COMPARISONS:
            self.found.add(id(eqn))
        for inner in jaxprs_in_params(eqn.params):
            self.through(inner, [depends] * len(inner.invars))
        return [depends and is_float(var.aval.dtype) for var in eqn.outvars]


def _opened(one: Enclosure, where: np.ndarray) -> Enclosure:
    """Gives entries the least error that a float64 number can have."""
    if not is_float(one.value.dtype) or not where.any():
        return one
    least = np.where(where, np.spacing(np.abs(one.value)), 0.0)
    return dataclasses.replace(one, error=np.maximum(one.error, least))


def _pair(eqn: Equation, operands: Operands) -> Operands:
    a, b = operands
    shape = eqn.outvars[0].aval.shape
    where = np.broadcast_to(a.value == b.value, shape)
    return [_opened(_spread(one, shape), where) for one in (a, b)]


def _clamp(eqn: Equation, operands: Operands) -> Operands:
    low, a, high = operands
    where = (a.value == low.value) | (a.value == high.value)
    return [low, _opened(a, where), high]


def _sign(eqn: Equation, operands: Operands) -> Operands:
    del eqn
    return [_opened(one, one.value == 0) for one in operands]


def _extreme(eqn: Equation, operands: Operands) -> Operands:
    """Opens the entries that are equal to the largest, if there are several."""
    (a,), name = operands, eqn.primitive.name
    axes = tuple(eqn.params["axes"])
    best = (a.value.min if name.endswith("min") else a.value.max)(axes, keepdims=True)
    are_best = a.value == best
    return [_opened(a, are_best & (are_best.sum(axes, keepdims=True) > 1))]


def _sorted(eqn: Equation, operands: Operands) -> Operands:
    """Opens the entries of the first operand that are equal to another one along the axis."""
    axis = eqn.params.get("dimension", eqn.params.get("axis", -1))
    a = operands[0]
    order = np.argsort(a.value, axis, kind="stable")
    ranked = np.take_along_axis(a.value, order, axis)
    same = np.diff(ranked, axis=axis) == 0
    edge = np.zeros_like(np.take(ranked, [], axis=axis), shape=_one(ranked.shape, axis), dtype=bool)
    tied = np.concatenate([edge, same], axis) | np.concatenate([same, edge], axis)
    where = np.zeros_like(tied)
    np.put_along_axis(where, order, tied, axis)
    return [_opened(a, where), *operands[1:]]


def _one(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Returns the shape of one entry along an axis."""
    return tuple(1 if number == axis % len(shape) else size for number, size in enumerate(shape))


def _spread(one: Enclosure, shape: tuple[int, ...]) -> Enclosure:
    """Repeats one number for every entry."""
    if one.value.shape == shape:
        return one
    error = one.error.reshape((-1, *(1,) * len(shape)))
    error = np.broadcast_to(error, (len(error), *shape))
    return dataclasses.replace(one, value=np.broadcast_to(one.value, shape), error=error)


def _counted(of: Enclosure, made: Enclosure) -> Enclosure:
    """Lets the number of the largest entries be 1 at least, if that is what a sum is."""
    if not np.any(of.error) or not (np.isin(of.value, (0, 1)) & np.isin(of.error, (0, 1))).all():
        return made
    most = np.where(made.value >= 1, made.value - 1, np.inf)
    return dataclasses.replace(made, error=np.minimum(made.error, most))


def _remembering(made: Enclosure, eqn: Equation, given: Operands) -> Enclosure:
    """Lets the larger one of exact numbers be known for what it is, in low precision too."""
    name = eqn.primitive.name
    if name in ("max", "min"):
        return dataclasses.replace(made, among=tuple(given))
    if name in ("reduce_max", "reduce_min") and made.winners is None:
        uncertain = given[0].error != 0
        return dataclasses.replace(made, winners=Winners(given[0].value, uncertain))
    return made


_COMPARISONS: dict[str, Callable[[Equation, Operands], Operands]] = {
    **dict.fromkeys(("gt", "ge", "lt", "le", "max", "min"), _pair),
    **dict.fromkeys(("reduce_max", "reduce_min", "argmax", "argmin"), _extreme),
    **dict.fromkeys(("sort", "top_k"), _sorted),
    "clamp": _clamp,
    "sign": _sign,
}
