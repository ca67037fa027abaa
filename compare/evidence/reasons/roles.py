"""What a number does in a program: an eps, a scale, the n of a mean or of a variance."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.graph import Node, Step
from compare.evidence.reasons.numbers import written
from compare.evidence.reasons.words import behind_views

_ROOTS = ("rsqrt", "sqrt", "pow", "log", "integer_pow")


class Role(NamedTuple):
    """What a number does.

    Attributes:
      told: (what stands there, what the reference has) -> the end of a sentence.
      is_factor: whether it is one of several factors, of which another may be told as well.
    """

    told: Callable[[float, float], str]
    is_factor: bool = False


def role_of(step: Step, i: int, case: Case) -> Role:
    """Finds out what a number does.

    Args:
      step: that reads it.
      i: as which operand.
      case: in which it stands.
    """
    other = step.operands[1 - i]
    beside = behind_views(other)
    if step.name == "sub" and beside.is_constant and not beside.shape:
        return _difference(i, float(np.asarray(beside.given)))
    if step.name in ("add", "max") and _is_eps(step, i, case):
        return Role(lambda new, old: _having("eps", new, old))
    if step.name in ("mul", "div") and _is_mean(step, i, other):
        what = _of_what(other)
        return Role(lambda new, old: _divided(step.name, what, new, old))
    if step.name in ("mul", "div") and behind_views(other).primitive == "dot_general":
        return Role(lambda new, old: _scaled(step.name, new, old))
    if step.name == "mul" and _feeds(step, case, ("select_n",)):
        return Role(lambda new, old: _having("the slope", new, old))
    if step.name in ("mul", "div"):
        return Role(lambda new, old: _scaled(step.name, new, old, "a factor"), is_factor=True)
    return Role(lambda new, old: _having("the number", new, old))


def _difference(i: int, other: float) -> Role:
    """Tells what two numbers leave, such as n - ddof."""

    def left(value: float) -> float:
        return other - value if i else value - other

    return Role(lambda new, old: _divided("div", "", left(new), left(old)))


def _having(what: str, new: float, old: float) -> str:
    return f"has {what} {written(new)} where the reference has {written(old)}"


def _scaled(name: str, new: float, old: float, what: str = "the scale") -> str:
    if name == "div" and old and new:
        new, old = 1 / new, 1 / old
    return _having(what, new, old)


def _divided(name: str, what: str, new: float, old: float) -> str:
    if name == "mul" and new:
        new, old = 1 / new, 1 / old
    n = round(old)
    words = {n - 1: "n - 1 = ", n + 1: "n + 1 = "}
    here, there = words.get(round(new), ""), "n = " if round(new) in words else ""
    if round(new) == n + 1 and "mean" not in what:
        here, there = "n = ", "n - 1 = "
    return (
        f"divides by {here}{written(new)}{what} where the reference divides by "
        f"{there}{written(old)}"
    )


def _is_eps(step: Step, i: int, case: Case) -> bool:
    value = float(np.asarray(step.operands[i].given))
    return 0 <= value < 0.1 and _feeds(step, case, (*_ROOTS, "div"))


def _is_mean(step: Step, i: int, other: Node) -> bool:
    """Whether a sum is divided by a whole number."""
    value = float(np.asarray(step.operands[i].given))
    n = value if step.name == "div" else 1 / value if value else 0.0
    return behind_views(other).primitive == "reduce_sum" and n >= 1 and abs(n - round(n)) < 1e-5


def _of_what(other: Node) -> str:
    """Names what a sum is divided for: a mean, one of squares, or a variance."""
    terms = behind_views(behind_views(other).operands[0])
    is_product = terms.primitive == "mul" and terms.operands[0] is terms.operands[1]
    if not is_product and terms.primitive not in ("square", "integer_pow"):
        return " in its mean"
    base = behind_views(terms.operands[0])
    is_centred = base.primitive == "sub" and any(map(_is_quotient_of_sum, base.operands))
    return " in its variance" if is_centred else " in its mean of squares"


def _is_quotient_of_sum(node: Node) -> bool:
    quotient = behind_views(node)
    return quotient.primitive in ("mul", "div") and any(
        behind_views(one).primitive == "reduce_sum" for one in quotient.operands
    )


def _feeds(step: Step, case: Case, primitives: tuple[str, ...]) -> bool:
    """Whether what a step makes is read by one of some primitives, behind views."""
    return any(
        behind_views(one).step is step
        for reader in case.target.steps
        if reader.name in primitives
        for one in reader.operands
    )
