"""Primitives of JAX as people write them: `h1 * (1 - h1)` for two equations.

Every text is also an expression of NumPy, with ^ for its **, so that a test can evaluate it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# primitive -> its text, and how tightly its operators bind what stands left and right of them
_COMPARED, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)
_INFIX = {
    "add": ("{} + {}", _SUM, _SUM),
    "add_any": ("{} + {}", _SUM, _SUM),
    "sub": ("{} - {}", _SUM, _PRODUCT),
    "mul": ("{} * {}", _PRODUCT, _SIGN),
    "div": ("{} / {}", _PRODUCT, _SIGN),
    "eq": ("{} == {}", _SUM, _SUM),
    "ne": ("{} != {}", _SUM, _SUM),
    "gt": ("{} > {}", _SUM, _SUM),
    "ge": ("{} >= {}", _SUM, _SUM),
    "lt": ("{} < {}", _SUM, _SUM),
    "le": ("{} <= {}", _SUM, _SUM),
    "neg": ("-{}", _POWER, _POWER),
    "square": ("{}^2", _ATOM, _ATOM),
    "one_minus_square": ("1 - {}^2", _ATOM, _ATOM),
    "transpose": ("{}.T", _ATOM, _ATOM),
}
_CALLS = {
    "logistic": "sigmoid({})",
    "max": "maximum({}, {})",
    "min": "minimum({}, {})",
    "select_n": "where({0}, {2}, {1})",
    "reduce_sum": "sum({})",
}
_SAME = ("convert_element_type", "reshape", "squeeze", "copy", "stop_gradient")
_BINDING = (
    (_COMPARED, (" == ", " != ", " > ", " >= ", " < ", " <= ")),
    (_SUM, (" + ", " - ")),
    (_PRODUCT, (" * ", " / ", " @ ")),
)


def expression(primitive: str, params: Mapping[str, Any], operands: Sequence[str]) -> str:
    """Returns an equation's right side.

    Args:
      primitive: its name, such as 'mul'.
      params: its parameters.
      operands: labels of what it takes.
    """
    if primitive in _INFIX:
        return _infix(*_INFIX[primitive], operands)
    if primitive in _CALLS:
        return _CALLS[primitive].format(*operands)
    if primitive == "integer_pow":
        return _infix(f"{{}}^{params['y']}", _ATOM, _ATOM, operands)
    if primitive == "dot_general":
        return _product(params["dimension_numbers"], operands)
    if primitive == "broadcast_in_dim":
        return {"1": "ones", "0": "zeros"}.get(operands[0], operands[0])
    if primitive in _SAME:
        return operands[0]
    return f"{primitive}({', '.join(operands)})"


def number(value: Any) -> str:
    """Returns a constant in as few digits as tell people which one it is."""
    array = np.asarray(value)
    return f"{array.item():.6g}" if array.ndim == 0 else f"constant{list(array.shape)}"


def _product(dimensions: Any, operands: Sequence[str]) -> str:
    """One product that contracts as @ does, or none, or another."""
    (left, right), _ = dimensions
    if not left:
        return f"outer({', '.join(operands)})"
    if tuple(right) == (0,):
        return _infix("{} @ {}", _PRODUCT, _SIGN, operands)
    return f"dot({', '.join(operands)})"


def _infix(text: str, left: int, right: int, operands: Sequence[str]) -> str:
    """Fills in operands, with parentheses around those that bind less tightly than they must."""
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
        return _SIGN
    return _POWER if "^" in outside else _ATOM
