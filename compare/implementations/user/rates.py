"""The rate of the step that a gradient was recovered from, as (w - new w) / rate.

w - rate g is then a number of the weights' dtype in every entry, and that far more often than by
chance. A multiple of the rate fits as well, so the smallest that fits is the rate.

Usual rates are tried first. Any other is found in float32 by its smallest step, which is k units of
its weight for some k: k unit / g is tried for every k.
"""

import functools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple, TypeAlias

import numpy as np

Pair: TypeAlias = tuple[np.ndarray, np.ndarray]  # a leaf of the weights, and its gradient
# so many entries of each parameter, or all: weights and gradients
Entries: TypeAlias = Callable[[int | None], tuple[np.ndarray, np.ndarray]]

MOST = 4096  # entries of each parameter that rates are tried on
_FEW = 32  # on which most rates fail already
_CHANCE = 20.0  # bits: rates of one kind all together fit by chance once in 10^6
_FIRST = 16  # entries that all rates are tried on at once
_MOST_UNITS = 2**17  # half units in the last place that the smallest step may be
_MOST_RATES = 16  # that are tried on more than the smallest steps
_SURE = 3  # smallest steps that have to tell
_WIDEST = 30  # bits by which units may differ that are compared


def rate_of(pairs: list[Pair]) -> float | None:
    """Returns the rate at which all entries are recovered, and not by chance; None if none is.

    A usual rate is preferred to a part of it, unless that all steps are multiples is no chance.
    """
    entries = functools.cache(functools.partial(_flat, pairs))
    usual, other = _usual_rate(entries), _other_rate(entries)
    if usual is None or other is None:
        return usual or other
    fit = _fit(other, *entries(MOST))
    assert fit is not None
    part = round(usual / other)
    return other if part > 1 and fit.entries * math.log2(part) >= _CHANCE else usual


@functools.cache
def _rates() -> dict[float, float]:
    """Returns the rates that are tried, ascending, with the bits of evidence that each needs."""
    plain = {Fraction(m, 10**k) for k in range(7) for m in range(1, 10)}
    others = {Fraction(m, 10**k) for k in range(2, 9) for m in range(100, 1000)}
    others |= {Fraction(m) for m in range(1, 100)} | {Fraction(1, 2**k) for k in range(8)}
    others |= {rate / n for rate in plain for n in range(2, 129)}  # of a mean over n samples
    of_plain, of_others = (_CHANCE + math.log2(len(rates)) for rates in (plain, others))
    ascending = sorted(plain | others, key=float)
    return {float(rate): of_plain if rate in plain else of_others for rate in ascending}


@functools.cache
def _usual_rates() -> tuple[np.ndarray, np.ndarray]:
    """Returns the rates that are tried, and the bits that each needs, as arrays."""
    rates = _rates()
    return np.array(list(rates)), np.array(list(rates.values()))


@functools.cache
def _units() -> tuple[np.ndarray, np.ndarray]:
    """Returns 1, 2, ..., and how many bits an entry gives at most whose step is k half units."""
    units = np.arange(1, _MOST_UNITS + 1)
    return units, np.maximum(1 - math.log2(3.5 * 2.0**-24) - np.log2(units), 0)


class _Fit(NamedTuple):
    """How well entries say that they are recovered at some rate."""

    bits: float
    entries: int  # that tell, each of another fraction


def _usual_rate(entries: Entries) -> float | None:
    fitting, few = [], entries(_FEW)  # rates ascend
    for rate in _likely(entries):
        fit = _fit(rate, *entries(MOST)) if _may_fit(rate, *few) else None
        if fit is None:
            continue
        fitting.append(rate)
        enough = fit.bits >= _rates()[rate] and _are_of_units(rate, *entries(MOST))
        if enough and _fit(rate, *entries(None)) is not None:
            parts = (rate / one for one in fitting)
            whole = [abs(part - round(part)) < 1e-9 * part for part in parts]
            return fitting[whole.index(True)]
    return None


def _other_rate(entries: Entries) -> float | None:
    """Returns the smallest rate of all that fit, usual or not.

    The first entry fits any k by what k is, and is no evidence.
    """
    w, g = _smallest_steps(*entries(None))
    if w.dtype != np.float32 or not g.all() or not w.all():
        return None
    needed = _CHANCE + math.log2(_MOST_UNITS)
    # A step of k half units gives log2(2 / (3.5 u k)) bits at most, and the others give less.
    units, most = _units()
    units = units[(entries(None)[1].size - 1) * most >= needed]
    rates = units * (float(np.spacing(np.abs(w[0]))) / 2 / abs(float(g[0])))
    for i in range(1, len(w)):
        rates = rates[_may_be_near(rates, w[i], g[i])]
        off, tolerance, half = _distance(rates, w[i], g[i])
        unsaid = (half <= tolerance) & (i >= _SURE)
        rates = rates[unsaid | (off <= tolerance) & (half > tolerance)]
    for rate in map(float, rates[:_MOST_RATES]):
        _, tolerance, half = _distance(rate, w[0], g[0])
        own = max(float(np.log2(half / tolerance)), 0.0)
        fit = _fit(rate, *entries(MOST))
        if fit is None or fit.bits < needed + own:
            continue
        if not _are_of_units(rate, *entries(MOST), several=True):
            return None  # nor at any multiple
        if _fit(rate, *entries(None)) is not None:
            return rate
    return None


def _flat(pairs: list[Pair], most: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Returns weights and gradients, entry by entry, so many of each parameter."""
    return (
        np.concatenate([np.broadcast_to(leaf, g.shape).reshape(-1)[:most] for leaf, g in pairs]),
        np.concatenate([g.reshape(-1)[:most] for _, g in pairs]),
    )


def _smallest_steps(w: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the entries that tell most, those with the smallest steps, in ascending order."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        small = np.where((w != 0) & (g != 0), np.abs(g / w), np.inf)
    first = np.argpartition(small, min(_FIRST, small.size) - 1)[:_FIRST]
    first = first[np.argsort(small[first])]
    return w[first], g[first]


def _likely(entries: Entries) -> list[float]:
    """Returns the usual rates that fit the entries with the smallest steps."""
    rates, needed = _usual_rates()
    # Where steps are larger an entry tells less, but for a bit by where powers of 2 lie.
    most = np.full(len(rates), -np.inf)
    for w, g in zip(
        *_smallest_steps(*entries(None)), strict=True
    ):  # few rates are left after the first
        off, tolerance, half = _distance(rates, w, g)
        tells = (half > tolerance) & (tolerance > 0)
        told = np.log2(np.where(tells, 2 * half, 1) / np.where(tells, tolerance, 1))
        most = np.maximum(most, told)
        right = ~(tells & (off > tolerance))
        rates, needed, most = rates[right], needed[right], most[right]
    size = entries(None)[1].size
    return [float(rate) for rate in rates[size * most >= needed]]


def _may_fit(rate: float, w: np.ndarray, g: np.ndarray) -> bool:
    """Whether no entry says that it was not recovered at this rate."""
    off, tolerance, half = _distance(rate, w, g)
    return not np.any((half > tolerance) & (tolerance > 0) & (off > tolerance))


def _fit(rate: float, w: np.ndarray, g: np.ndarray) -> _Fit | None:
    """Returns how many bits say that entries are recovered at this rate; None if one is not.

    By chance an entry is within its tolerance t of a number one time in h / t, where h is half the
    distance of numbers there: it gives log2(h / t) bits of evidence. Entries that are equal but for
    a power of 2 fit together or not at all, and count once.
    """
    off, tolerance, half = _distance(rate, w, g)
    tells = (half > tolerance) & (tolerance > 0)
    if np.any(tells & (off > tolerance)):
        return None
    fractions, which = np.unique(np.frexp(np.abs(g[tells]))[0], return_inverse=True)
    largest = np.zeros(len(fractions))
    np.maximum.at(largest, which, np.log2(half[tells] / tolerance[tells]))
    return _Fit(float(largest.sum()), len(fractions))


def _are_of_units(rate: float, w: np.ndarray, g: np.ndarray, *, several: bool = False) -> bool:
    """Whether steps are multiples of the units of their weights, and of nothing that is larger.

    Gradients that were rounded to some decimals are multiples of one number, and come from no step.
    By chance an entry of unit q is a multiple of n units one time in n / gcd(n, q). Where there is
    one unit, the rate may be such that it is that number: with `several` it has to be another.
    """
    _, tolerance, half = _distance(rate, w, g)
    tells = (half > tolerance) & (tolerance > 0)
    unit, step = 2 * half[tells], rate * g[tells].astype(np.float64)
    smallest = unit.min(initial=np.inf)
    near = unit <= 2.0**_WIDEST * smallest
    size = (unit[near] / smallest).astype(np.int64)
    most = np.gcd.reduce(np.rint(step[near] / unit[near]).astype(np.int64) * size)
    by_chance = np.log2(most / np.gcd(most, size)).sum() < _CHANCE
    return bool(by_chance and (size.max() > 1 or not several))


def _may_be_near(rates: np.ndarray, w: np.floating, g: np.floating) -> np.ndarray:
    """Returns whether w - rate g may be within its tolerance: most are not, and float64 is fast.

    Its rounding, 2^-53 of rate g and 2^-53 of the difference, is allowed besides.
    """
    size = rates * float(g)
    off = float(w) - size
    off -= off.astype(w.dtype)
    np.abs(off, out=off)  # in place: new memory takes longer than the arithmetic
    np.abs(size, out=size)
    size *= 3.5 * float(np.finfo(w.dtype).eps) / 2 + 2.0**-50
    size += 2.0**-50 * abs(float(w))
    return np.asarray(off <= size)


def _distance(rate: float | np.ndarray, w: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, ...]:
    """Returns how far w - rate g is from the dtype, how far it may be, and its half unit.

    The difference of weights, the division and the rate are each rounded once: 3 u |rate g|, and a
    bit for second order and for this very subtraction, in extended precision. No step that is not 0
    is smaller than half a unit of the new weight, and so none that is smaller may be off at all.
    """
    u = np.finfo(w.dtype).eps / 2
    step = np.longdouble(rate) * g.astype(np.longdouble)
    new = w.astype(np.longdouble) - step
    rounded = new.astype(w.dtype)
    off = np.abs(new - rounded.astype(np.longdouble)).astype(np.float64)
    own = float(np.finfo(np.longdouble).eps) * np.abs(w.astype(np.float64))
    size = np.abs(step.astype(np.float64))
    half = np.spacing(np.abs(rounded)).astype(np.float64) / 2
    tolerance = np.where(step != 0, 3.5 * u * size + own, 0.0)
    off = np.where((step != 0) & (size < half / 2), half, off)
    return off, tolerance, half
