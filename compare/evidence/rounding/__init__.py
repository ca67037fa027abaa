"""What rounding can do to a computation: `roundoff` and `explain`, for any JAX function.

jax is loaded when one of them is first named.
"""

import importlib
from typing import TYPE_CHECKING, Any

from compare.evidence.rounding.arithmetic import Arithmetic

if TYPE_CHECKING:
    from compare.evidence.rounding.causes import explain
    from compare.evidence.rounding.roundoff_transform import roundoff

__all__ = ["Arithmetic", "explain", "roundoff"]

_HOMES = {"explain": "causes", "roundoff": "roundoff_transform"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
