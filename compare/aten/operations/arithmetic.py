"""Arithmetic, entry by entry."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from compare.aten.operations.promotion import (
    on_floats,
    on_promoted,
    promoted,
    promoted_floats,
)

Number = int | float | bool


def add(a: Any, b: Any, alpha: Number = 1) -> Any:
    """Returns a + alpha b."""
    a, b = promoted(a, b)
    return jnp.add(a, b if alpha == 1 else alpha * b)


def subtract(a: Any, b: Any, alpha: Number = 1) -> Any:
    """Returns a - alpha b."""
    a, b = promoted(a, b)
    return jnp.subtract(a, b if alpha == 1 else alpha * b)


def divide(a: Any, b: Any, *, rounding_mode: str | None = None) -> Any:
    """Returns a / b; or an integer, rounded to 0 ('trunc') or down ('floor'), with slope 0."""
    if rounding_mode is None:
        return jnp.divide(*promoted_floats(a, b))
    a, b = promoted(a, b)
    if rounding_mode == "floor":
        return jnp.floor_divide(a, b)
    if jnp.issubdtype(jnp.result_type(a), jnp.floating):
        return jnp.trunc(jnp.divide(a, b))
    return lax.div(*jnp.broadcast_arrays(a, jnp.asarray(b, a.dtype)))


def power(base: Any, exponent: Any) -> Any:
    """Returns base ** exponent; of a number that is an integer by multiplication."""
    base, exponent = promoted(base, exponent)
    if hasattr(exponent, "dtype"):
        if hasattr(base, "dtype"):  # 0 ** 0 is 1, and so is 1 ** 0, whose slopes are 0
            base = jnp.where((base == 0) & (exponent == 0), 1, base)
        return jnp.power(base, exponent)
    if exponent == 0.5:
        return jnp.sqrt(base)
    return jnp.power(base, int(exponent) if exponent == int(exponent) else exponent)


def clamp(x: Any, low: Any = None, high: Any = None) -> Any:
    """Returns x within bounds, `high` if these exclude each other. At a bound the slope is 1."""
    x, low, high = _bounds(x, low, high)
    if low is not None:
        x = jnp.where(x < low, low, x)
    return x if high is None else jnp.where(x > high, high, x)


@jax.custom_jvp
def absolute(x: Any) -> Any:
    """Returns |x|. At 0 the slope is 0."""
    return jnp.abs(x)


absolute.defjvps(lambda g, _, x: g * jnp.sign(x))


def _bounds(x: Any, low: Any, high: Any) -> tuple[Any, Any, Any]:
    given = [one for one in (low, high) if one is not None]
    x, *rest = promoted(x, *given)
    bounds = iter(rest)
    low = None if low is None else next(bounds)
    return x, low, None if high is None else next(bounds)


def larger(a: Any, b: Any) -> Any:
    """Returns the larger of two numbers, or that which is no NaN; a tie is a's."""
    return jnp.where((a >= b) | jnp.isnan(b), a, b)


def smaller(a: Any, b: Any) -> Any:
    """Returns the smaller of two numbers, or that which is no NaN; a tie is a's."""
    return jnp.where((a <= b) | jnp.isnan(b), a, b)


def with_sign(a: Any, b: Any) -> Any:
    """Returns |a| with the sign of b."""
    return jnp.where(jnp.signbit(b), -absolute(a), absolute(a))


def rounded(x: Any, *, decimals: int = 0) -> Any:
    """Returns x rounded to decimals, ties to even."""
    scale = 10.0 ** abs(decimals)
    if decimals == 0:
        return jnp.round(x)
    return jnp.round(x * scale) / scale if decimals > 0 else jnp.round(x / scale) * scale


def _all(*names: str, function: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    return dict.fromkeys(names, function)


OPERATIONS: dict[str, Callable[..., Any]] = {
    **_all("add.Tensor", "add.Scalar", function=add),
    **_all("sub.Tensor", "sub.Scalar", function=subtract),
    "rsub.Scalar": lambda a, b, alpha=1: subtract(b, a, alpha),
    "rsub.Tensor": lambda a, b, alpha=1: subtract(b, a, alpha),
    **_all("mul.Tensor", "mul.Scalar", function=on_promoted(jnp.multiply)),
    **_all("div.Tensor", "div.Scalar", "div.Tensor_mode", "div.Scalar_mode", function=divide),
    "floor_divide.default": lambda a, b: divide(a, b, rounding_mode="floor"),
    **_all("fmod.Tensor", "fmod.Scalar", function=on_promoted(jnp.fmod)),
    **_all("remainder.Tensor", "remainder.Scalar", function=on_promoted(jnp.remainder)),
    **_all("pow.Tensor_Scalar", "pow.Tensor_Tensor", "pow.Scalar", function=power),
    "neg.default": jnp.negative,
    "abs.default": absolute,
    "sign.default": jnp.sign,
    "reciprocal.default": on_floats(jnp.reciprocal),
    "floor.default": jnp.floor,
    "ceil.default": jnp.ceil,
    "trunc.default": jnp.trunc,
    **_all("round.default", "round.decimals", function=rounded),
    "maximum.default": on_promoted(jnp.maximum),
    "minimum.default": on_promoted(jnp.minimum),
    "fmax.default": on_promoted(larger),
    "fmin.default": on_promoted(smaller),
    **_all("clamp.default", "clamp.Tensor", function=clamp),
    "copysign.Tensor": on_floats(with_sign),
    "hypot.default": on_promoted(jnp.hypot),
    "ldexp.Tensor": on_floats(lambda a, b: a * jnp.exp2(b)),
}
