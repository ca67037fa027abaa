"""What rounding can do to a computation: `roundoff` and `explain`, for any JAX function.

`register_rule` teaches them a primitive, by a rule of `Analysis` and `Enclosure` or a
`formula_rule`. jax is loaded when one of them is first named.
"""

import importlib
from typing import TYPE_CHECKING, Any

from compare.evidence.rounding.arithmetic import Arithmetic

if TYPE_CHECKING:
    from compare.evidence.rounding.causes import explain
    from compare.evidence.rounding.enclosure import Analysis, Enclosure
    from compare.evidence.rounding.formula import formula_rule
    from compare.evidence.rounding.primitives import register_rule
    from compare.evidence.rounding.roundoff_transform import roundoff

__all__ = [
    "Analysis",
    "Arithmetic",
    "Enclosure",
    "explain",
    "formula_rule",
    "register_rule",
    "roundoff",
]

_HOMES = {
    "Analysis": "enclosure",
    "Enclosure": "enclosure",
    "explain": "causes",
    "formula_rule": "formula",
    "register_rule": "primitives",
    "roundoff": "roundoff_transform",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
