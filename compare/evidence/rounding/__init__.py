"""What rounding can do to a computation: `roundoff` and `explain`, for any JAX function.

jax is loaded when one of them is first named.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compare.evidence.rounding.causes import explain
    from compare.evidence.rounding.roundoff_transform import roundoff

__all__ = ["explain", "roundoff"]


def __getattr__(name: str) -> Any:
    if name == "explain":
        from compare.evidence.rounding.causes import explain

        return explain
    if name == "roundoff":
        from compare.evidence.rounding.roundoff_transform import roundoff

        return roundoff
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
