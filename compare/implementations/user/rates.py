"""The rate of the step that a gradient was recovered from, as (w - new w) / rate.

w - rate g is then a number of the weights' dtype in every entry, and that far more often than by
chance. A multiple of the rate fits as well, so the smallest that fits is the rate.

Usual rates are tried first. Any other is found in float32 by its smallest step, which is k units of
its weight for some k: k unit / g is tried for every k.
"""

import functools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple, TypeAlias

import numpy as np

from compare.evidence.rounding.arithmetic import half_unit_of

Pair: TypeAlias = tuple[np.ndarray, np.ndarray]  # a leaf of the weights, and its gradient

MOST = 4096  # entries of each parameter that rates are tried on
_FEW = 32  # on which most rates fail already
_AT_ONCE = 64  # rates that are held against those at once
_CHANCE = 20.0  # bits: rates of one kind all together fit by chance once in 10^6
_FIRST = 16  # entries that all rates are tried on at once
_MOST_UNITS = 2**17  # half units in the last place that the smallest step may be
_PART = 8192  # of these, that stay in a cache together
_MOST_RATES = 16  # that are tried on more than the smallest steps
_SURE = 3  # smallest steps that have to tell
_WIDEST = 30  # bits by which units may differ that are compared


def rate_of(pairs: list[Pair]) -> float | None:
    """Returns the rate at which all entries are recovered, and not by chance; None if none is.

    A usual rate is preferred to a part of it, unless that all steps are multiples is no chance.
    """
    usual, other = _usual_rate(pairs), _other_rate(pairs)
    if usual is None or other is None:
        return usual or other
    fit = _fit(other, pairs, most=MOST)
    assert fit is not None
    part = round(usual / other)
    return other if part > 1 and fit.entries * math.log2(part) >= _CHANCE else usual


@functools.cache
def _rates() -> tuple[np.ndarray, np.ndarray]:
    """Returns the usual rates, ascending, and the bits of evidence that each needs."""
    plain = {Fraction(m, 10**k) for k in range(7) for m in range(1, 10)}
    others = {Fraction(m, 10**k) for k in range(2, 9) for m in range(100, 1000)}
    others |= {Fraction(m) for m in range(1, 100)} | {Fraction(1, 2**k) for k in range(8)}
    others |= {rate / n for rate in plain for n in range(2, 129)}  # of a mean over n samples
    of_plain, of_others = (_CHANCE + math.log2(len(rates)) for rates in (plain, others))
    ascending = sorted(plain | others, key=float)
    needed = [of_plain if rate in plain else of_others for rate in ascending]
    return np.array([float(rate) for rate in ascending]), np.array(needed)


@functools.cache
def _units() -> tuple[np.ndarray, np.ndarray]:
    """Returns how many half units a smallest step in float32 may be, and the bits it then gives.

    A step of k half units gives log2(2 / (3.5 u k)) bits at most, and the others give less.
    """
    units = np.arange(1, _MOST_UNITS + 1)
    return units, np.maximum(1 - math.log2(3.5 * 2.0**-24) - np.log2(units), 0)


class _Fit(NamedTuple):
    """How well entries say that they are recovered at some rate."""

    bits: float
    entries: int  # that tell, each of another fraction


def _usual_rate(pairs: list[Pair]) -> float | None:
    fitting = []  # ascending
    for rate, needed, at_most in _likely(pairs):
        fit = _fit(rate, pairs, most=MOST) if at_most >= needed else _Fit(at_most, 0)
        if fit is None:
            continue
        fitting.append(rate)
        enough = fit.bits >= needed and _are_of_units(rate, pairs)
        if enough and _fit(rate, pairs, most=None) is not None:
            parts = (rate / one for one in fitting)
            whole = [abs(part - round(part)) < 1e-9 * part for part in parts]
            return fitting[whole.index(True)]
    return None


def _other_rate(pairs: list[Pair]) -> float | None:
    """Returns the smallest rate of all that fit, usual or not.

    The first entry fits any k by what k is, and is no evidence.
    """
    w, g = _smallest_steps(pairs)
    if w.dtype != np.float32 or not g.all() or not w.all():
        return None
    needed = _CHANCE + math.log2(_MOST_UNITS)
    units, most = _units()
    size = sum(grad.size for _, grad in pairs)
    units = units[: np.count_nonzero((size - 1) * most >= needed)]  # the larger, the less they give
    rates = units * (float(half_unit_of(w[0])) / abs(float(g[0])))
    for i in range(1, len(w)):
        if i < _SURE:
            parts = (rates[k : k + _PART] for k in range(0, len(rates), _PART))
            near = [part[_nearly_fit(part, w[i], g[i])] for part in parts]
            rates = np.concatenate([rates[:0], *near])
        off, tolerance, half = _distance(rates, w[i], g[i])
        unsaid = (half <= tolerance) & (i >= _SURE)
        rates = rates[unsaid | (off <= tolerance) & (half > tolerance)]
    for rate in map(float, rates[:_MOST_RATES]):
        _, tolerance, half = _distance(rate, w[0], g[0])
        own = max(float(np.log2(half / tolerance)), 0.0)
        fit = _fit(rate, pairs, most=MOST)
        if fit is None or fit.bits < needed + own:
            continue
        if not _are_of_units(rate, pairs, several=True):
            return None  # nor at any multiple
        if _fit(rate, pairs, most=None) is not None:
            return rate
    return None


def _flat(pairs: list[Pair], most: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Returns weights and gradients, entry by entry, so many of each parameter."""
    return (
        np.concatenate([np.broadcast_to(leaf, g.shape).reshape(-1)[:most] for leaf, g in pairs]),
        np.concatenate([g.reshape(-1)[:most] for _, g in pairs]),
    )


def _smallest_steps(pairs: list[Pair]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the entries that tell most, those with the smallest steps, in ascending order."""
    w, g = _flat(pairs)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        small = np.where((w != 0) & (g != 0), np.abs(g / w), np.inf)
    first = np.argpartition(small, min(_FIRST, small.size) - 1)[:_FIRST]
    first = first[np.argsort(small[first])]
    return w[first], g[first]


def _likely(pairs: list[Pair]) -> Iterator[tuple[float, float, float]]:
    """Yields usual rates, ascending, with the bits that each needs and those it may give at most.

    They fit the first entries of each parameter: all entries, if less than infinitely many bits
    are given at most.
    """
    w, g = _flat(pairs, _FEW)
    are_all = w.size == _flat(pairs, MOST)[0].size
    rates, needed = _of_smallest_steps(pairs)
    for first in range(0, len(rates), _AT_ONCE):
        some = rates[first : first + _AT_ONCE]
        off, tolerance, half = _distance(some[:, None], w, g)
        tells = (half > tolerance) & (tolerance > 0)
        told = np.log2(np.where(tells, half, 1) / np.where(tells, tolerance, 1)).sum(axis=1)
        for i in np.flatnonzero(~np.any(tells & (off > tolerance), axis=1)):
            at_most = (1 + 1e-9) * told[i] if are_all else math.inf
            yield float(some[i]), float(needed[first + i]), float(at_most)


def _of_smallest_steps(pairs: list[Pair]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the usual rates that fit the entries with the smallest steps, and bits needed."""
    rates, needed = _rates()
    # Where steps are larger an entry tells less, but for a bit by where powers of 2 lie.
    most = np.full(len(rates), -np.inf)
    for w, g in zip(*_smallest_steps(pairs), strict=True):  # few rates are left after the first
        off, tolerance, half = _distance(rates, w, g)
        tells = (half > tolerance) & (tolerance > 0)
        told = np.log2(np.where(tells, 2 * half, 1) / np.where(tells, tolerance, 1))
        most = np.maximum(most, told)
        right = ~(tells & (off > tolerance))
        rates, needed, most = rates[right], needed[right], most[right]
    enough = sum(grad.size for _, grad in pairs) * most >= needed
    return rates[enough], needed[enough]


def _fit(rate: float, pairs: list[Pair], most: int | None) -> _Fit | None:
    """Returns how many bits say that entries are recovered at this rate; None if one is not.

    By chance an entry is within its tolerance t of a number one time in h / t, where h is half the
    distance of numbers there: it gives log2(h / t) bits of evidence. Entries that are equal but for
    a power of 2 fit together or not at all, and count once.
    """
    w, g = _flat(pairs, most)
    off, tolerance, half = _distance(rate, w, g)
    tells = (half > tolerance) & (tolerance > 0)
    if np.any(tells & (off > tolerance)):
        return None
    fractions, which = np.unique(np.frexp(np.abs(g[tells]))[0], return_inverse=True)
    largest = np.zeros(len(fractions))
    np.maximum.at(largest, which, np.log2(half[tells] / tolerance[tells]))
    return _Fit(float(largest.sum()), len(fractions))


def _are_of_units(rate: float, pairs: list[Pair], *, several: bool = False) -> bool:
    """Whether steps are multiples of the units of their weights, and of nothing that is larger.

    Gradients that were rounded to some decimals are multiples of one number, and come from no step.
    By chance an entry of unit q is a multiple of n units one time in n / gcd(n, q). Where there is
    one unit, the rate may be such that it is that number: with `several` it has to be another.
    """
    w, g = _flat(pairs, MOST)
    _, tolerance, half = _distance(rate, w, g)
    tells = (half > tolerance) & (tolerance > 0)
    unit, step = 2 * half[tells], rate * g[tells].astype(np.float64)
    smallest = unit.min(initial=np.inf)
    near = unit <= 2.0**_WIDEST * smallest
    size = (unit[near] / smallest).astype(np.int64)
    most = np.gcd.reduce(np.rint(step[near] / unit[near]).astype(np.int64) * size)
    by_chance = np.log2(most / np.gcd(most, size)).sum() < _CHANCE
    return bool(by_chance and (size.max() > 1 or not several))


def _nearly_fit(rates: np.ndarray, w: np.float32, g: np.float32) -> np.ndarray:
    """Whether rates may fit one entry of float32 that tells: all that do, and a few others.

    This is `_distance` in float64, several times as fast. Its errors are below 2^-51 (|w| + |step|)
    together, and the distance to the next number changes no more than a number does. Half a unit of
    the new weight is u (|w| + |step|) at most, but for subnormal ones.
    """
    step = rates * float(g)
    new, size = float(w) - step, np.abs(step)
    u, largest = 2.0**-24, abs(float(w)) + size
    tells = 1.00001 * np.maximum(largest, 2.0**-126) > 3.5 * size
    with np.errstate(over="ignore"):  # where a weight would be infinite, nothing fits
        off = np.abs(new - new.astype(np.float32))
    return np.asarray(tells & (off <= 3.5 * u * size + 2.0**-51 * largest))


def _distance(rate: float | np.ndarray, w: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, ...]:
    """Returns how far w - rate g is from the dtype, how far it may be, and its half unit.

    The difference of weights, the division and the rate are each rounded once: 3 u |rate g|, and a
    bit for second order and for this very subtraction, in extended precision. No step that is not 0
    is smaller than half a unit of the new weight, and so none that is smaller may be off at all.
    """
    u, step = np.finfo(w.dtype).eps / 2, np.longdouble(rate) * g.astype(np.longdouble)
    new = w.astype(np.longdouble) - step
    with np.errstate(over="ignore"):
        rounded = new.astype(w.dtype)
        off = np.abs(new - rounded.astype(np.longdouble)).astype(np.float64)
        size = np.abs(step.astype(np.float64))
    own = float(np.finfo(np.longdouble).eps) * np.abs(w.astype(np.float64))
    half = half_unit_of(rounded)
    tolerance = np.where(step != 0, 3.5 * u * size + own, 0.0)
    off = np.where((step != 0) & (size < half / 2), half, off)
    return off, tolerance, half
