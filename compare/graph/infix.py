"""Operators between operands, with parentheses where they are needed."""

from collections.abc import Sequence

COMPARED, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)  # how tightly a text holds together
_BINDING = (
    (COMPARED, (" == ", " != ", " > ", " >= ", " < ", " <= ")),
    (SUM, (" + ", " - ")),
    (PRODUCT, (" * ", " / ", " @ ")),
)


def infix(text: str, left: int, right: int, operands: Sequence[str]) -> str:
    """Fills in operands, with parentheses around those that bind less tightly than they must.

    Args:
      text: with a place for each operand, as in '{} + {}'.
      left: how tightly the first has to bind, SUM for one that may be a sum.
      right: how tightly the others have to.
      operands: texts.
    """
    first, *others = operands
    wrapped = [_wrapped(first, left), *(_wrapped(other, right) for other in others)]
    return text.format(*wrapped)


def _wrapped(text: str, least: int) -> str:
    return text if _binding(text) >= least else f"({text})"


def _binding(text: str) -> int:
    """How tightly the loosest operator outside all parentheses binds."""
    depth, outside = 0, ""
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        outside += letter if depth == 0 else ""
    for level, operators in _BINDING:
        if any(operator in outside for operator in operators):
            return level
    if outside.startswith("-"):
        return SIGN
    return POWER if "^" in outside else ATOM
