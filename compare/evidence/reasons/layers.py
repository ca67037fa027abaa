"""A softmax or a normalisation over other axes, or by another formula."""

import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.chains import arrays
from compare.evidence.reasons.evaluation import Made
from compare.evidence.reasons.graph import Node
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.words import subject

_SAME = 1e-5  # of the largest entry
_EPS = (1e-5, 1e-6, 1e-3, 1e-12, 1e-8)

Function = Callable[[Any], Any]


def softmax_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which a softmax is taken over other axes, or masked afterwards."""
    for x, out, axis in _softmaxes(case):
        value = case.evaluation.of(x)
        for other in range(len(x.shape)):
            made = case.evaluation.made(functools.partial(jax.nn.softmax, axis=other), value)
            if other != axis and case.takes(out, made):
                words = f"a softmax over axis {other} where the reference has one over axis {axis}"
                yield Reason("softmax", f"{subject(case)} has {words}", case.place)
        if x.primitive == "select_n" and x.step is not None:
            yield from _masked_later(case, x, out, axis)


def _softmaxes(case: Case) -> Iterator[tuple[Node, Node, int]]:
    """Yields an array, its softmax, and the axis of that."""
    known = arrays(case)
    for out in known:
        if out.primitive != "div":
            continue
        h = case.evaluation.array(out)
        for x in known:
            if x.shape == out.shape and x is not out and x.primitive != "exp":
                z = case.evaluation.array(x)
                for axis in range(h.ndim):
                    if h.shape[axis] > 1 and _is_same(np.asarray(_softmax(z, axis)), h):
                        yield x, out, axis
                        return


def _softmax(z: np.ndarray, axis: int) -> np.ndarray:
    e = np.exp(z - z.max(axis, keepdims=True))
    return np.asarray(e / e.sum(axis, keepdims=True))


def _masked_later(case: Case, x: Node, out: Node, axis: int) -> Iterator[Reason]:
    """The mask is applied to what the softmax has made."""
    assert x.step is not None
    where, *scores = x.step.operands
    for i, one in enumerate(scores):
        if one.shape != x.shape:
            continue
        later = functools.partial(_later, axis, i)
        made = case.evaluation.made(later, case.evaluation.of(where), case.evaluation.of(one))
        if case.takes(out, made):
            words = "has its mask after the softmax where the reference has it before"
            yield Reason("softmax", f"{subject(case)} {words}", case.place)


def _later(axis: int, i: int, where: Any, scores: Any) -> Any:
    return jnp.where(where == bool(i), jax.nn.softmax(scores, axis), 0.0)


def normalisation_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which a normalisation is another one."""
    for x, out, here, others in _normalisations(case):
        for words, f in others:
            made = case.evaluation.made(f, case.evaluation.of(x))
            if case.takes(out, made):
                said = f"{subject(case)} normalises {words} where the reference does so {here}"
                yield Reason("normalisation", said, case.place)
                return


def variance_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which the variance that eps is added to has another divisor."""
    for step in case.target.steps:
        variance, eps = step.operands if step.name == "add" else (None, None)
        if variance is None or eps is None or not eps.is_number or variance.is_constant:
            continue
        entries = max(math.prod(one.shape) for one in (*arrays(case), variance))
        n = entries // max(math.prod(variance.shape), 1)
        for new, here, there in ((n - 1, "n - 1", "n"), (n, "n", "n - 1")):
            factor = n / (n - 1) if new != n else (n - 1) / n
            scaled = functools.partial(operator.mul, factor)
            if case.holds({(step, 0): Made(scaled, (variance,))}):
                words = f"divides by {here} in its variance where the reference divides by {there}"
                yield Reason("variance", f"{subject(case)} {words}, of n = {n}", case.place)
                return


def _normalisations(
    case: Case,
) -> Iterator[tuple[Node, Node, str, list[tuple[str, Function]]]]:
    """Yields an array, the same normalised, how, and how else it may be."""
    known = arrays(case)
    candidates = [one for one in known if one.primitive in ("mul", "div")]
    for x in known:
        z = case.evaluation.array(x)
        for out in candidates:
            if out.shape != x.shape or not np.isfinite(z).all():
                continue
            h = case.evaluation.array(out)
            for words, f, axes, is_centred in _forms(z):
                for eps in _EPS:
                    if _is_same(np.asarray(f(np, z, eps=eps)), h):
                        yield x, out, words, list(_others(z, axes, eps, is_centred))
                        return


def _forms(z: np.ndarray) -> Iterator[tuple[str, Callable[..., Any], tuple[int, ...], bool]]:
    for axes in _axes(z.ndim):
        over = f"over {_listed(axes)}"
        yield over, functools.partial(_normalised, axes=axes), axes, True
        rms = functools.partial(_normalised, axes=axes, is_centred=False)
        yield f"{over} with no mean", rms, axes, False


def _axes(ndim: int) -> Iterator[tuple[int, ...]]:
    for n in range(1, ndim + 1):
        yield from itertools.combinations(range(ndim), n)


def _others(
    z: np.ndarray, axes: tuple[int, ...], eps: float, is_centred: bool
) -> Iterator[tuple[str, Function]]:
    outside = functools.partial(_normalised, jnp, eps=eps, axes=axes, is_outside=True)
    yield "with eps outside the root", functools.partial(outside, is_centred=is_centred)
    without = "with no mean" if is_centred else "by the mean, too,"
    turned = functools.partial(_normalised, jnp, eps=eps, axes=axes, is_centred=not is_centred)
    yield without, turned
    for other in _axes(z.ndim):
        if other != axes:
            f = functools.partial(_normalised, jnp, eps=eps, axes=other, is_centred=is_centred)
            yield f"over {_listed(other)}", f
    if z.ndim == 3:
        for factor in (2, 4, 8):
            if z.shape[-1] % factor == 0:
                yield f"in {factor} times the groups", functools.partial(_finer, eps, factor)
            if z.shape[1] % factor == 0:
                yield f"in 1/{factor} of the groups", functools.partial(_coarser, eps, factor)


def _normalised(
    xp: Any,
    z: Any,
    *,
    eps: float,
    axes: Sequence[int],
    is_centred: bool = True,
    is_outside: bool = False,
) -> Any:
    axes = tuple(axes)
    centred = z - z.mean(axes, keepdims=True) if is_centred else z
    variance = (centred * centred).mean(axes, keepdims=True)
    root = xp.sqrt(variance) + eps if is_outside else xp.sqrt(variance + eps)
    return centred / root


def _finer(eps: float, factor: int, z: Any) -> Any:
    shape = (*z.shape[:-1], factor, z.shape[-1] // factor)
    return _normalised(jnp, z.reshape(shape), eps=eps, axes=(-1,)).reshape(z.shape)


def _coarser(eps: float, factor: int, z: Any) -> Any:
    shape = (z.shape[0], z.shape[1] // factor, factor * z.shape[2])
    return _normalised(jnp, z.reshape(shape), eps=eps, axes=(-1,)).reshape(z.shape)


def _listed(axes: Sequence[int]) -> str:
    return f"ax{'is' if len(axes) == 1 else 'es'} {', '.join(map(str, axes))}"


def _is_same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and bool(np.abs(a - b).max(initial=0) <= _SAME * np.abs(b).max())
