"""The rules of `roundoff`: what each JAX primitive does to values and to their errors.

A rule takes the run, the equation and its operands, and returns one Bounded, or a list of them. For
u, lam and gamma see `roundoff`. Where a rule has no name of its own the formula is the obvious one.
"""

import dataclasses
import string
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.arithmetic import Arithmetic, gamma

Array = Any


@dataclasses.dataclass(frozen=True)
class Bounded:
    """A value, and how far a computed one may be from it.

    For a boolean, `error` says where it is uncertain. `terms` is the length of the dot product
    that made the value: kernels add a bias as one more term, first or last.
    """

    value: Array
    error: Array
    terms: int = 0


class Run(Protocol):
    """What a rule needs of the interpreter."""

    xp: Any  # numpy, or jax.numpy under a trace
    worst: bool  # the reading

    def arithmetic(self, dtype: Any) -> Arithmetic | None:
        """How floats of a dtype are computed with; None for other dtypes, which are exact."""

    def run(self, closed: Any, args: Sequence[Bounded]) -> list[Bounded]:
        """Evaluates an inner jaxpr."""

    def total(self, *errors: Array) -> Array:
        """Adds independent errors."""


def _constants(run: Run, eqn: Any) -> tuple[float, float]:
    """u and lam of the dtype that an equation computes in."""
    arithmetic = run.arithmetic(eqn.outvars[0].aval.dtype)
    return (0.0, 0.0) if arithmetic is None else (arithmetic.u, arithmetic.lam)


def _add(run: Run, eqn: Any, a: Bounded, b: Bounded) -> Bounded:
    u, lam = _constants(run, eqn)
    xp, value = run.xp, _combined(eqn, a, b)
    arithmetic = run.arithmetic(eqn.outvars[0].aval.dtype)
    sum_u = u if arithmetic is None else arithmetic.sum_u
    as_terms = [
        gamma(one.terms + 1, sum_u) * xp.abs(other.value)
        for one, other in ((a, b), (b, a))
        if one.terms
    ]
    spread = run.total(a.error * (1 + u), b.error * (1 + u), u * xp.abs(value), *as_terms)
    return Bounded(value, spread + 3 * lam)


def _combined(eqn: Any, a: Bounded, b: Bounded) -> Array:
    return a.value - b.value if eqn.primitive.name == "sub" else a.value + b.value


def _mul(run: Run, eqn: Any, a: Bounded, b: Bounded) -> Bounded:
    u, lam = _constants(run, eqn)
    xp, value = run.xp, a.value * b.value
    moved = [xp.abs(a.value) * b.error, xp.abs(b.value) * a.error, a.error * b.error]
    spread = run.total(*(one * (1 + u) for one in moved), u * xp.abs(value))
    return Bounded(value, spread + lam * (1 + xp.abs(a.value) + xp.abs(b.value)))


def _div(run: Run, eqn: Any, a: Bounded, b: Bounded) -> Bounded:
    u, lam = _constants(run, eqn)
    xp, value = run.xp, a.value / b.value
    smallest = xp.abs(b.value) - b.error
    moved = run.total(a.error / smallest, xp.abs(value) * b.error / smallest)
    spread = run.total(moved * (1 + u), u * xp.abs(value)) + lam * (
        1 + (1 + xp.abs(value)) / smallest
    )
    return Bounded(value, xp.where(smallest > 0, spread, np.inf))


def _power(run: Run, eqn: Any, a: Bounded) -> Bounded:
    n = 2 if eqn.primitive.name == "square" else eqn.params["y"]
    if n < 0:
        raise NotImplementedError(
            "roundoff has no rule for negative integer powers; use a division"
        )
    u, lam = _constants(run, eqn)
    xp, value = run.xp, a.value**n
    reach = xp.abs(a.value) + a.error
    moved = reach**n - xp.abs(a.value) ** n if run.worst else n * reach ** max(n - 1, 0) * a.error
    rounded = gamma(max(n - 1, 0), u) * reach**n
    return Bounded(
        value, run.total(moved * (1 + u), rounded) + lam * n * (1 + reach) ** max(n - 1, 0)
    )


def _dot_general(run: Run, eqn: Any, a: Bounded, b: Bounded) -> Bounded:
    (contract_a, contract_b), (batch_a, batch_b) = eqn.params["dimension_numbers"]
    _, lam = _constants(run, eqn)
    xp, letters = run.xp, iter(string.ascii_letters)
    of_a: dict[int, str] = {i: next(letters) for i in range(a.value.ndim)}
    of_b = {
        j: of_a[i] for i, j in zip((*contract_a, *batch_a), (*contract_b, *batch_b), strict=True)
    }
    of_b |= {j: next(letters) for j in range(b.value.ndim) if j not in of_b}
    free_a = [of_a[i] for i in of_a if i not in (*contract_a, *batch_a)]
    free_b = [of_b[j] for j in sorted(of_b) if j not in (*contract_b, *batch_b)]
    left, right = "".join(of_a.values()), "".join(of_b[j] for j in sorted(of_b))
    form = f"{left},{right}->{''.join([*(of_a[i] for i in batch_a), *free_a, *free_b])}"

    def dot(p: Array, q: Array) -> Array:
        return xp.einsum(form, p, q, optimize=True)

    terms = int(np.prod([a.value.shape[i] for i in contract_a], dtype=int))
    size_a, size_b = xp.abs(a.value), xp.abs(b.value)
    reach_a, reach_b = size_a + a.error, size_b + b.error
    flushed = lam * (
        3 * terms + dot(reach_a, xp.ones_like(reach_b)) + dot(xp.ones_like(reach_a), reach_b)
    )
    value = dot(a.value, b.value)
    if run.worst:
        reach = dot(reach_a, reach_b)
        rounded = _of_dot(run, eqn, terms) * reach
        error = dot(size_a, b.error) + dot(a.error, reach_b) + rounded
        error = xp.where(_fits(eqn, reach + rounded), error, np.inf)
    else:
        squares = dot(size_a**2, b.error**2) + dot(a.error**2, reach_b**2)
        squares = squares + _typical_of_dot(run, eqn, terms, dot(reach_a**2, reach_b**2), value)
        error = xp.sqrt(squares)
    return Bounded(value, error + flushed, terms=max(terms, 1))


def _of_dot(run: Run, eqn: Any, terms: int) -> float:
    """What a dot product costs, relative to the sum of the magnitudes of its terms."""
    arithmetic = run.arithmetic(eqn.outvars[0].aval.dtype)
    return 0.0 if arithmetic is None else arithmetic.dot(terms)


def _typical_of_dot(run: Run, eqn: Any, terms: int, squares: Array, value: Array) -> Array:
    """The same squared, by the sum of the squares of the terms.

    Factors that are truncated lose half of operand_u on average, all in one direction, and so
    operand_u of the value together.
    """
    arithmetic = run.arithmetic(eqn.outvars[0].aval.dtype)
    if arithmetic is None:
        return 0.0 * squares
    if arithmetic.is_plain:
        return terms * arithmetic.u * arithmetic.u * squares
    each = terms * arithmetic.sum_u**2 + 2 * arithmetic.operand_u**2
    return each * squares + (arithmetic.u**2 + arithmetic.operand_u**2) * value**2


def _fits(eqn: Any, size: Array) -> Array:
    """Whether no partial sum can overflow, or be the difference of two infinities."""
    dtype = eqn.outvars[0].aval.dtype
    return size <= float(jnp.finfo(dtype).max) if jnp.issubdtype(dtype, jnp.floating) else size >= 0


def _reduce_sum(run: Run, eqn: Any, a: Bounded) -> Bounded:
    u, lam = _constants(run, eqn)
    xp, axes = run.xp, tuple(eqn.params["axes"])
    n = int(np.prod([a.value.shape[i] for i in axes], dtype=int))
    reach = xp.abs(a.value) + a.error
    if run.worst:
        error = xp.sum(a.error, axis=axes) + gamma(max(n - 1, 0), u) * xp.sum(reach, axis=axes)
    else:
        error = xp.sqrt(xp.sum(a.error**2, axis=axes) + n * u * u * xp.sum(reach**2, axis=axes))
    return Bounded(xp.sum(a.value, axis=axes), error + 3 * n * lam)


# What a monotone function costs, in ulps; `certificate` has the same in `phi.ULPS`.
_MONOTONE: dict[str, tuple[Callable[[Any, Array], Array], int]] = {
    "logistic": (lambda xp, z: 1 / (1 + xp.exp(-z)), 4),
    "tanh": (lambda xp, z: xp.tanh(z), 6),
    "exp": (lambda xp, z: xp.exp(z), 2),
    "expm1": (lambda xp, z: xp.expm1(z), 4),
    "log": (lambda xp, z: xp.log(z), 4),
    "log1p": (lambda xp, z: xp.log1p(z), 4),
    "sqrt": (lambda xp, z: xp.sqrt(z), 1),
}


def _monotone(run: Run, eqn: Any, a: Bounded) -> Bounded:
    u, lam = _constants(run, eqn)
    function, ulps = _MONOTONE[eqn.primitive.name]
    xp, value = run.xp, function(run.xp, a.value)
    above, below = function(xp, a.value + a.error), function(xp, a.value - a.error)
    moved = xp.maximum(above - value, value - below)
    size = xp.maximum(xp.abs(above), xp.abs(below))
    error = run.total(moved, 2 * ulps * u * size) + lam
    arithmetic = run.arithmetic(eqn.outvars[0].aval.dtype)
    if arithmetic is not None and arithmetic.is_low:
        if eqn.primitive.name == "logistic":
            error = error + arithmetic.logistic
        # float16 ends so early that sums of both infinities, NaN, are nothing unusual there
        error = xp.where(xp.isinf(a.error), np.inf, error)
    return Bounded(value, error)


def _max_min(run: Run, eqn: Any, a: Bounded, b: Bounded) -> Bounded:
    """An error moves the result by no more than itself, and only where its side can win."""
    _, lam = _constants(run, eqn)
    xp = run.xp
    sign = 1 if eqn.primitive.name == "max" else -1
    a_certain = sign * (a.value - b.value) > a.error + b.error
    b_certain = sign * (b.value - a.value) > a.error + b.error
    error = xp.where(a_certain, a.error, xp.where(b_certain, b.error, xp.maximum(a.error, b.error)))
    value = xp.maximum(a.value, b.value) if sign > 0 else xp.minimum(a.value, b.value)
    return Bounded(value, error + lam)


def _same_error(function: Callable[[Any, Array], Array]) -> Callable[..., Bounded]:
    def rule(run: Run, eqn: Any, a: Bounded) -> Bounded:
        return Bounded(function(run.xp, a.value), a.error, a.terms)

    return rule


def _moved(run: Run, eqn: Any, *args: Bounded) -> Bounded:
    """Broadcasts, transposes, slices ...: errors go where the values go."""
    del run
    params = dict(eqn.params)

    def bind(*arrays: Array) -> Array:
        out = eqn.primitive.bind(*map(jnp.asarray, arrays), **params)
        return out if isinstance(arrays[0], jax.core.Tracer) else np.asarray(out)

    terms = max(arg.terms for arg in args)
    return Bounded(bind(*(a.value for a in args)), bind(*(a.error for a in args)), terms)


def _broadcast_in_dim(run: Run, eqn: Any, a: Bounded, *_: Bounded) -> Bounded:
    shape, places = eqn.params["shape"], eqn.params["broadcast_dimensions"]
    aligned = [1] * len(shape)
    for axis, place in enumerate(places):
        aligned[place] = a.value.shape[axis]

    def spread(array: Array) -> Array:
        return run.xp.broadcast_to(run.xp.reshape(array, aligned), shape)

    return Bounded(spread(a.value), spread(a.error), a.terms)


def _reshaped(shape_of: Callable[[Any, Array], Array]) -> Callable[..., Bounded]:
    """Rules that only rearrange, done in NumPy so that nothing is compiled for them."""

    def rule(run: Run, eqn: Any, a: Bounded, *_: Bounded) -> Bounded:
        return Bounded(shape_of(eqn, a.value), shape_of(eqn, a.error), a.terms)

    return rule


def _convert(run: Run, eqn: Any, a: Bounded) -> Bounded:
    u, lam = _constants(run, eqn)
    if a.value.dtype == bool:
        return Bounded(a.value.astype(np.float64), a.error.astype(np.float64))
    if jnp.issubdtype(eqn.invars[0].aval.dtype, jnp.floating) and not u:
        raise NotImplementedError("roundoff has no rule for conversion to integers")
    if not jnp.issubdtype(eqn.invars[0].aval.dtype, jnp.floating) or not u:
        return Bounded(a.value.astype(np.float64) if u else a.value, a.error)
    if jnp.finfo(eqn.invars[0].aval.dtype).eps / 2 <= u:
        return Bounded(a.value, run.total(a.error, u * run.xp.abs(a.value)) + lam, a.terms)
    return a


_COMPARE: dict[str, Callable[[Array, Array], Array]] = {
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
}


def _compare(run: Run, eqn: Any, a: Bounded, b: Bounded) -> Bounded:
    slack = a.error + b.error
    uncertain = ~(run.xp.abs(a.value - b.value) > slack) & ~(slack == 0)
    if eqn.invars[0] is eqn.invars[1]:  # x != x asks for NaN
        uncertain = run.xp.zeros_like(uncertain)
    return Bounded(_COMPARE[eqn.primitive.name](a.value, b.value), uncertain)


def _select_n(run: Run, eqn: Any, which: Bounded, *cases: Bounded) -> Bounded:
    """Where the choice is uncertain the bound covers every case: the kink of a ReLU."""
    if len(cases) != 2 or which.value.dtype != bool:
        raise NotImplementedError("roundoff has no rule for select_n of other than two cases")
    xp, (no, yes) = run.xp, cases
    value = xp.where(which.value, yes.value, no.value)
    if value.dtype == bool:
        error = xp.where(which.value, yes.error, no.error) | (which.error & (yes.value != no.value))
        return Bounded(value, error)
    error = xp.where(which.value, yes.error, no.error)
    either = xp.maximum(xp.abs(yes.value - value) + yes.error, xp.abs(no.value - value) + no.error)
    return Bounded(value, xp.where(which.error, either, error))


def _logical(function: Callable[..., Array]) -> Callable[..., Bounded]:
    def rule(run: Run, eqn: Any, *args: Bounded) -> Bounded:
        uncertain = args[0].error
        for arg in args[1:]:
            uncertain = uncertain | arg.error
        return Bounded(function(*(arg.value for arg in args)), uncertain)

    return rule


def _call(run: Run, eqn: Any, *args: Bounded) -> list[Bounded]:
    inner = eqn.params.get("jaxpr") or eqn.params.get("call_jaxpr")
    return run.run(inner, args)


def _is_finite(run: Run, eqn: Any, a: Bounded) -> Bounded:
    return Bounded(run.xp.isfinite(a.value), ~run.xp.isfinite(a.error))


def _sign(run: Run, eqn: Any, a: Bounded) -> Bounded:
    uncertain = ~(run.xp.abs(a.value) > a.error)
    return Bounded(run.xp.sign(a.value), run.xp.where(uncertain & ~(a.error == 0), 2.0, 0.0))


RULES: MappingProxyType[str, Callable[..., Any]] = MappingProxyType(
    {
        "add": _add,
        "add_any": _add,
        "sub": _add,
        "mul": _mul,
        "div": _div,
        "square": _power,
        "integer_pow": _power,
        "dot_general": _dot_general,
        "reduce_sum": _reduce_sum,
        "max": _max_min,
        "min": _max_min,
        "neg": _same_error(lambda xp, v: -v),
        "abs": _same_error(lambda xp, v: xp.abs(v)),
        "sign": _sign,
        "copy": _same_error(lambda xp, v: v),
        "stop_gradient": _same_error(lambda xp, v: v),
        "broadcast_in_dim": _broadcast_in_dim,
        "transpose": _reshaped(lambda eqn, v: v.transpose(eqn.params["permutation"])),
        "reshape": _reshaped(lambda eqn, v: v.reshape(eqn.params["new_sizes"])),
        "squeeze": _reshaped(lambda eqn, v: v.reshape(eqn.outvars[0].aval.shape)),
        "expand_dims": _reshaped(lambda eqn, v: v.reshape(eqn.outvars[0].aval.shape)),
        "slice": _moved,
        "rev": _moved,
        "concatenate": _moved,
        "convert_element_type": _convert,
        "select_n": _select_n,
        "and": _logical(lambda a, b: a & b),
        "or": _logical(lambda a, b: a | b),
        "not": _logical(lambda a: ~a),
        "is_finite": _is_finite,
        "jit": _call,
        "pjit": _call,
        "closed_call": _call,
        "custom_jvp_call": _call,
        "custom_vjp_call": _call,
        **dict.fromkeys(_MONOTONE, _monotone),
        **dict.fromkeys(_COMPARE, _compare),
    }
)
