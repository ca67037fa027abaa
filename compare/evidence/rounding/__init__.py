"""What rounding can do to a computation: `roundoff`, for any JAX function.

jax is loaded when `roundoff` is first named.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compare.evidence.rounding.roundoff_transform import roundoff

__all__ = ["roundoff"]


def __getattr__(name: str) -> Any:
    if name == "roundoff":
        from compare.evidence.rounding.roundoff_transform import roundoff

        return roundoff
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
