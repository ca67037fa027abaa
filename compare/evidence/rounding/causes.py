"""Why a bound is what it is, and why a value is not finite."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from compare.evidence.rounding.contributions import contributions
from compare.evidence.rounding.enclosure import Analysis, Enclosure
from compare.evidence.rounding.explanation import Cause, Explanation
from compare.evidence.rounding.places import Calls
from compare.evidence.rounding.primitives import RULES
from compare.evidence.rounding.provenance import Derivation, History, origin
from compare.evidence.rounding.roundoff_transform import analysis_of, evaluated, known_dtype
from compare.evidence.rounding.tracing import Trace, trace

_LINES = 5  # that contribute most


def explain(
    f: Callable[..., Any], *args: Any, dtype: np.typing.DTypeLike = np.float32, **kwargs: Any
) -> Explanation:
    """Explains the worst bound of f's results, or why one of them is not finite.

    Of all entries it takes the first that is NaN or infinite, else the one whose bound is largest
    beside the largest entry of its array. To ask for another, let f return that alone.

    Args:
      f: a JAX function, as `roundoff` takes it.
      *args: its arguments.
      dtype: in which it is computed.
      **kwargs: its keyword arguments.

    Returns:
      What print shows as text: the value and its bound; the first equation, with its line of
      source, that makes a NaN, an infinity, an infinite bound, or one that says nothing; and the
      lines without whose rounding the bound would be smallest.

    Raises:
      NotImplementedError: naming all primitives that have no rule.
      RuntimeError: under `jax.jit` or `jax.vmap`.
      ValueError: for an unknown dtype, or a function without a number to bound.
    """
    dtype = known_dtype(dtype)
    traced = trace(f, dtype, args, kwargs)
    if traced.tracing:
        raise RuntimeError(
            "explain looks at numbers, and under jax.jit and jax.vmap there are none: call it "
            "outside of them"
        )
    return _explanation(traced, dtype)


def _explanation(traced: Trace, dtype: np.dtype) -> Explanation:
    history = History()
    outs = _evaluated(traced, dtype, history)
    leaf, place = _most_in_need(outs)
    made = history.of(outs[leaf])
    value, bound = made.one.value[place], _limit(made.one)[place]
    finite = np.abs(made.one.value[np.isfinite(made.one.value)])

    def bound_under(calls: Calls) -> float:
        return float(_evaluated(traced, dtype, calls)[leaf].error[(0, *place)])

    return Explanation(
        array=traced.paths[leaf],
        index=place,
        dtype=dtype.name,
        value=float(value),
        bound=float(bound),
        largest=float(finite.max(initial=0)),
        nan=_cause(made, _has_nan, _nan) if np.isnan(value) else None,
        infinity=_infinity(made) if not np.isfinite(value) else None,
        unbounded=_cause(made, _is_unbounded, _unbounded) if np.isfinite(value) else None,
        vacuous=_cause(made, _is_vacuous) if np.isfinite([value, bound]).all() else None,
        contributions=tuple(contributions(bound_under, most=_LINES)),
    )


def cause_of_not_finite(made: Derivation) -> Cause | None:
    """Returns what made the first NaN, else the first infinity or number that may overflow."""
    if _has_nan(made) or _has_infinity(made):
        return _cause(made, _has_nan, _nan) or _infinity(made)
    return _cause(made, _is_unbounded, _unbounded)


def _evaluated(traced: Trace, dtype: np.dtype, calls: Calls) -> list[Enclosure]:
    known = analysis_of(traced, dtype, ("worst",))
    analysis = Analysis(known.xp, known.readings, known.own, calls.apply, within=calls.within)
    return evaluated(traced, dtype, analysis)


def _most_in_need(outs: Sequence[Enclosure]) -> tuple[int, tuple[int, ...]]:
    """Returns which result, and which entry of it, is to be explained.

    Raises:
      ValueError: if there is no number.
    """
    found = []
    for leaf, one in enumerate(outs):
        if getattr(one.value.dtype, "kind", "O") != "f" or not one.value.size:
            continue
        size = np.where(np.isfinite(one.value), np.abs(one.value), 0)
        error = np.where(np.isfinite(one.value), _limit(one), np.inf)
        place = tuple(map(int, np.unravel_index(int(np.argmax(error)), error.shape)))
        rank = not np.isfinite(one.value[place]), float(error[place] / (size.max() or 1.0))
        found.append((rank, leaf, place))
    if not found:
        raise ValueError("explain: expected a function that returns a floating-point number")
    _, leaf, place = max(found, key=lambda one: one[0])
    return leaf, place


def _limit(one: Enclosure) -> np.ndarray:
    """Returns the worst bound, which is infinite where it is unknown."""
    return np.where(np.isnan(one.error[0]), np.inf, one.error[0])


def _nan(one: Enclosure) -> np.ndarray:
    return np.isnan(one.value)


def _infinite(one: Enclosure) -> np.ndarray:
    return np.isinf(one.value)


def _unbounded(one: Enclosure) -> np.ndarray:
    return ~np.isfinite(one.error[0])


def _has_nan(made: Derivation) -> bool:
    return made.is_float and bool(_nan(made.one).any())


def _has_infinity(made: Derivation) -> bool:
    return made.is_float and bool(_infinite(made.one).any())


def _is_unbounded(made: Derivation) -> bool:
    return made.is_float and bool(_unbounded(made.one).any())


def _is_vacuous(made: Derivation) -> bool:
    """Whether a bound is as large as the largest entry, which is not 0."""
    if not made.is_float or not made.one.value.size:
        return False
    largest = np.abs(made.one.value).max()
    return bool(0 < largest <= made.one.error.max())


def _cause(
    made: Derivation,
    holds: Callable[[Derivation], bool],
    where: Callable[[Enclosure], np.ndarray] | None = None,
) -> Cause | None:
    """Returns the first equation of which something holds, with the first entry where it does."""
    if not holds(made):
        return None
    first = origin(made, holds)
    if where is None or first.place is None:
        return Cause(first.place)
    entry = tuple(int(i) for i in np.argwhere(where(first.one))[0])
    if first.inside or not _is_by_entry(first.place.primitive):
        return Cause(first.place, entry)
    shape, read = first.one.value.shape, [operand.one for operand in first.operands]
    values = [float(np.broadcast_to(one.value, shape)[entry]) for one in read]
    errors = [float(np.broadcast_to(one.error[0], shape)[entry]) for one in read]
    return Cause(first.place, entry, tuple(values), tuple(errors) if where is _unbounded else ())


def _is_by_entry(primitive: str) -> bool:
    row = RULES.get(primitive)
    shapes = ("elementwise", "monotone")
    return row is not None and row.shape in shapes and not primitive.startswith("cum")


def _infinity(made: Derivation) -> Cause | None:
    """Returns what made the first infinity behind a value that is not finite."""
    if _has_nan(made):
        made = origin(made, _has_nan)
        made = next(filter(_has_infinity, made.parents), made)
    return _cause(made, _has_infinity, _infinite)
