"""Primitives of JAX as people write them: `h1 * (1 - h1)` for two equations.

Every text is also an expression of NumPy, with ^ for its **, so that a test can evaluate it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from compare.graph.infix import ATOM, POWER, PRODUCT, SIGN, SUM, infix

# primitive -> its text, and how tightly its operators bind what stands left and right of them
_INFIX = {
    "add": ("{} + {}", SUM, SUM),
    "add_any": ("{} + {}", SUM, SUM),
    "sub": ("{} - {}", SUM, PRODUCT),
    "mul": ("{} * {}", PRODUCT, SIGN),
    "div": ("{} / {}", PRODUCT, SIGN),
    "eq": ("{} == {}", SUM, SUM),
    "ne": ("{} != {}", SUM, SUM),
    "gt": ("{} > {}", SUM, SUM),
    "ge": ("{} >= {}", SUM, SUM),
    "lt": ("{} < {}", SUM, SUM),
    "le": ("{} <= {}", SUM, SUM),
    "neg": ("-{}", POWER, POWER),
    "square": ("{}^2", ATOM, ATOM),
    "one_minus_square": ("1 - {}^2", ATOM, ATOM),
    "transpose": ("{}.T", ATOM, ATOM),
}
_CALLS = {
    "logistic": "sigmoid({})",
    "max": "maximum({}, {})",
    "min": "minimum({}, {})",
    "select_n": "where({0}, {2}, {1})",
    "reduce_max": "max({})",
    "reduce_sum": "sum({})",
}
_SAME = ("convert_element_type", "reshape", "squeeze", "copy", "stop_gradient")


def expression(primitive: str, params: Mapping[str, Any], operands: Sequence[str]) -> str:
    """Returns an equation's right side.

    Args:
      primitive: its name, such as 'mul'.
      params: its parameters.
      operands: labels of what it takes.
    """
    if primitive in _INFIX:
        return infix(*_INFIX[primitive], operands)
    if primitive in _CALLS:
        return _CALLS[primitive].format(*operands)
    if primitive == "integer_pow":
        return infix(f"{{}}^{params['y']}", ATOM, ATOM, operands)
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
        return infix("{} @ {}", PRODUCT, SIGN, operands)
    return f"dot({', '.join(operands)})"
