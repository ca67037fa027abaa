"""Are these gradients the same, and if not, who is wrong, where, and why?

`compare.compare_gradients` runs a comparison; jax and torch are loaded when it is first named.
"""

from typing import TYPE_CHECKING, Any

from compare.errors import UsageError

if TYPE_CHECKING:
    from compare.api import compare_gradients

__all__ = ["UsageError", "compare_gradients"]


def __getattr__(name: str) -> Any:
    if name == "compare_gradients":
        from compare.api import compare_gradients

        return compare_gradients
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
