"""Another activation in the place of one, or its slope in a backward pass."""

import functools
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from compare.evidence.certificate.activation_functions import sigmoid, sigmoid_slope, softplus
from compare.evidence.certificate.activations import ACTIVATIONS, activation_row
from compare.evidence.reasons.case import Case
from compare.evidence.reasons.chains import chains, slopes
from compare.evidence.reasons.evaluation import Change, Made
from compare.evidence.reasons.graph import Node
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.words import subject

_SAME = 1e-5  # of the largest entry: an activation is known by its values
_SPREAD = 0.01  # how far its values are apart at least
_FEWEST = 4  # entries that tell activations apart
_WORDS = MappingProxyType({"gelu": "gelu in its tanh form", "gelu_erf": "gelu in its erf form"})
_LEAKY = (0.1, 0.2, 0.3)
_BETAS = (0.5, 2.0)
_QUICK = 1.702

Function = Callable[[Any, Any], Any]  # of (xp, z)


class _Activation(NamedTuple):
    """An activation as a sentence names it."""

    words: str
    value: Function
    slope: Function


IDENTITY = "identity"


@functools.cache
def _known() -> tuple[_Activation, ...]:
    """Returns the catalogue, and what people take for a part of it."""
    names = [*ACTIVATIONS, *(f"leaky_relu:{slope}" for slope in (0.01, *_LEAKY))]
    rows = {name: activation_row(name) for name in names}
    found = [_Activation(_WORDS.get(n, n), row.value, row.slope) for n, row in rows.items()]
    return (*found, _quick(), *map(_softplus, _BETAS))


def _quick() -> _Activation:
    def slope(xp: Any, z: Any) -> Any:
        return sigmoid(xp, _QUICK * z) + _QUICK * z * sigmoid_slope(xp, _QUICK * z)

    return _Activation("gelu by a sigmoid", lambda xp, z: z * sigmoid(xp, _QUICK * z), slope)


def _softplus(beta: float) -> _Activation:
    return _Activation(
        f"softplus of beta {beta:g}",
        lambda xp, z: softplus(xp, beta * z) / beta,
        lambda xp, z: sigmoid(xp, beta * z),
    )


def activation_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which an activation is another one, or is missing."""
    for x, out in chains(case):
        z, h = case.evaluation.array(x), case.evaluation.array(out)
        here = next((one for one in _known() if _is_same(one.value(np, z), h)), None)
        if here is None or here.words == IDENTITY or not _is_spread(h, z):
            continue
        for other in _different(z, h, lambda one: one.value):
            made = case.evaluation.made(_of_one(other.value), case.evaluation.of(x))
            if case.takes(out, made):
                yield Reason("activation", _said(case, "", other, here), case.place)
                break
    if case.key[0] == "forward":
        yield from _added(case)
        yield from _everywhere(case)


def _everywhere(case: Case) -> Iterator[Reason]:
    """Yields reasons by which an activation is another one at each time that it comes."""
    groups: dict[tuple[str, str], list[tuple[Node, Node]]] = {}
    for x, out in chains(case):
        z, h = case.evaluation.array(x), case.evaluation.array(out)
        if _is_spread(h, z):
            here = next((one for one in _known() if _is_same(one.value(np, z), h)), None)
            if here is not None and here.words != IDENTITY:
                groups.setdefault((here.words, x.primitive), []).append((x, out))
    for (words, _), pairs in groups.items():
        for other in _known() if len(pairs) > 1 else ():
            change: Change = {out: Made(_of_one(other.value), (x,)) for x, out in pairs}
            if other.words != words and case.holds(change):
                said = "no activation" if other.words == IDENTITY else other.words
                sentence = f"{subject(case)} has {said} where the reference has {words}"
                yield Reason("activation", f"{sentence}, {len(pairs)} times", case.place)
                break


def _added(case: Case) -> Iterator[Reason]:
    """Yields reasons by which there is an activation that the reference has not."""
    z = case.evaluation.of(case.target)
    for one in _known():
        made = case.evaluation.made(_of_one(one.value), z)
        if one.words != IDENTITY and case.holds({case.target: made}):
            sentence = f"{subject(case)} has {one.words} where the reference has no activation"
            yield Reason("activation", sentence, case.place)
            break


def slope_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which the slope of an activation is that of another one."""
    for x, g, out in slopes(case):
        z, factor, h = map(case.evaluation.array, (x, g, out))
        here = next((one for one in _known() if _is_same(one.slope(np, z) * factor, h)), None)
        if here is None or here.words == IDENTITY or not _is_spread(here.slope(np, z), z):
            continue
        for other in _different(z, here.slope(np, z), lambda one: one.slope):
            operands = case.evaluation.of(x), case.evaluation.of(g)
            if case.takes(out, case.evaluation.made(_times_slope(other), *operands)):
                yield Reason("activation", _said(case, "the slope of ", other, here), case.place)
                break


def _different(
    z: np.ndarray, here: np.ndarray, of: Callable[[_Activation], Function]
) -> Iterator[_Activation]:
    """Yields those whose values at z are others, the identity first and none twice."""
    seen = [here]
    for one in sorted(_known(), key=lambda one: one.words != IDENTITY):
        values = of(one)(np, z) + 0 * z
        if not any(_is_same(values, known) for known in seen):
            seen.append(values)
            yield one


def _is_spread(h: np.ndarray, z: np.ndarray) -> bool:
    """Whether there is enough to know an activation by."""
    return bool(np.isfinite(z).all() and np.ptp(z) > _SPREAD and np.ptp(h) > _SPREAD)


def _of_one(value: Function) -> Callable[[Any], Any]:
    return lambda z: value(jnp, z)


def _times_slope(one: _Activation) -> Callable[[Any, Any], Any]:
    return lambda z, g: g * one.slope(jnp, z)


def _said(case: Case, what: str, other: _Activation, here: _Activation) -> str:
    words = f"{what}{other.words}"
    if other.words == IDENTITY:
        words = "the slope 1" if what else "no activation"
    return f"{subject(case)} has {words} where the reference has {what}{here.words}"


def _is_same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays are equal, but for the last digits of float32."""
    if a.size < _FEWEST or a.shape != b.shape:
        return False
    return bool(np.abs(a - b).max() <= _SAME * np.abs(b).max())  # not of NaN
