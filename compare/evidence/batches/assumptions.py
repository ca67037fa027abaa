"""What the gradient of a batch may be in place of the mean or the sum that is asked for."""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.batches.case import BatchCase, Sums
from compare.numbers import told_apart

_WHOLE_NUMBER = 1e-3  # relative: how near to one a divisor is
_SHOWN = 8.0  # allowances: an entry that large shows a number
_FEWEST = 2  # such entries


class Assumption(NamedTuple):
    """One thing that may be otherwise."""

    said: str  # continues 'dL/db1 of mine is ...'
    sums: Callable[[BatchCase], Sums]
    rank: int = 0  # the higher, the less it says: a number that anything fits
    remedy: str = ""  # what to say too where the whole gradient is so


class Asked(NamedTuple):
    """What the gradient of a batch should be of."""

    kind: str  # 'mean' or 'sum'
    n_outputs: int  # of the network
    loss: str | None  # of one sample; None where single samples show that it is no other


def plain_assumptions(asked: Asked) -> list[Assumption]:
    """Returns what may be otherwise without any unknown number."""
    return [*_reduced(asked), *_divided(), *_penalties(asked), *_of_some_samples(asked.kind)]


def _all_by(divisor: Callable[[BatchCase], float]) -> Callable[[BatchCase], Sums]:
    """Returns the sum over something."""
    return lambda case: Sums(np.ones(len(case.counts)) / divisor(case))


def _reduced(asked: Asked) -> Iterator[Assumption]:
    """Yields the other reduction, and either one of another squared loss or over outputs too."""
    for kind in ("mean", "sum"):
        instead = f"where the {asked.kind} is asked for" * (kind != asked.kind)
        flag = f"--reduction={kind}" * (kind != asked.kind)
        if instead:
            yield Assumption(
                f"the {kind} over the batch {instead}",
                functools.partial(_by_factor, kind=kind),
                remedy=f", as it should be with {flag}",
            )
        for factor, losses in _factors(asked).items():
            right_for = [f"{flag} --loss={loss}".strip() for loss in losses]
            yield Assumption(
                _times(factor, kind, asked) + f", {instead}" * bool(instead),
                functools.partial(_by_factor, kind=kind, factor=factor),
                remedy=f": right for {' or '.join(right_for)}" * bool(right_for),
            )


def _factors(asked: Asked) -> dict[float, list[str]]:
    """Returns factors other than 1, and the losses that are that many times the one asked for."""
    sizes = {"squared": 1.0, "half_squared": 0.5, "mean_squared": 1 / asked.n_outputs}
    found: dict[float, list[str]] = {1 / asked.n_outputs: []}
    own = sizes.get(asked.loss or "")
    if own is not None:
        for loss, size in sizes.items():
            found.setdefault(size / own, []).append(loss)
    return {factor: losses for factor, losses in found.items() if factor != 1}


def _times(factor: float, kind: str, asked: Asked) -> str:
    k, of = asked.n_outputs, f"the {kind} over the batch"
    if factor == 0.5:
        ways = ["a missing factor 2"] * (asked.loss == "squared")
        ways += [f"a mean over the {k} outputs"] * (k == 2)
        return f"half of {of}" + f", as by {' or by '.join(ways)}" * bool(ways)
    if factor == 1 / k:
        return f"{of} divided by the {k} outputs too"
    return f"twice {of}" if factor == 2 else f"{_number(factor)} times {of}"


def _number(factor: float) -> str:
    said, _ = told_apart(factor, 1.0, digits=4)
    return said


def _divided() -> Iterator[Assumption]:
    yield Assumption(
        "the mean over the batch divided by its number of samples", _all_by(lambda case: case.n**2)
    )
    yield Assumption(
        "the sum over the batch divided by its number of samples less one",
        _all_by(lambda case: max(case.n - 1, 1)),
    )


def _by_factor(case: BatchCase, *, kind: str, factor: float = 1.0) -> Sums:
    weight = 1 / case.n if kind == "mean" else 1.0
    return Sums(np.full(len(case.counts), factor * weight))


def _penalties(asked: Asked) -> Iterator[Assumption]:
    powers = {"divided": -1, "multiplied": 1} if asked.kind == "mean" else {}
    by_samples = {f"{word} by the number of samples": power for word, power in powers.items()}
    if asked.kind == "sum":
        by_samples = {"added for every sample": 1}

    def sums(case: BatchCase, times: float, power: int) -> Sums:
        return Sums(np.full(len(case.counts), case.weight), times * float(case.n) ** power)

    ways = {"missing": 0.0, "twice what it should be": 2.0, "half of what it should be": 0.5}
    of = {said: (1.0, power) for said, power in by_samples.items()}
    of |= {said: (times, 0) for said, times in ways.items()}
    for said, (times, power) in of.items():
        yield Assumption(
            f"right but for the L2 term, which is {said}",
            functools.partial(sums, times=times, power=power),
        )


def _of_some_samples(kind: str) -> Iterator[Assumption]:
    """Yields sums that leave samples out, weighted as asked or by how many there are."""
    some = {
        "that of the last sample of a batch alone": slice(-1, None),
        "that of the first sample of a batch alone": slice(0, 1),
        "that of a batch without its first sample": slice(1, None),
        "that of a batch without its last sample": slice(0, -1),
    }

    def sums(case: BatchCase, *, rows: slice, by_own: bool) -> Sums:
        shares = np.zeros(len(case.counts))
        shares[rows] = 1 / max(case.counts[rows].sum(), 1) if by_own else case.weight
        return Sums(shares)

    for said, rows in some.items():
        yield Assumption(said, functools.partial(sums, rows=rows, by_own=kind == "mean"))
        if kind == "mean":
            divided = functools.partial(sums, rows=rows, by_own=False)
            yield Assumption(f"{said}, divided by the number of all", divided)


def numbered_assumptions(
    cases: Sequence[BatchCase], wrong: Sequence[str], kind: str
) -> list[Assumption]:
    """Returns the sum over a number, and any factor, as far as entries show one.

    Batches of one size do not tell the two apart.
    """
    case = cases[0]
    factor = _factor(case, wrong)
    if not factor:
        return []
    said = f"{_number(factor)} times the {kind} over the batch"
    exact = 1 / (factor * case.weight)
    divisor = round(exact) if 1.5 < exact < 2**53 else 0
    found = []
    if divisor and abs(exact / divisor - 1) < _WHOLE_NUMBER:
        by_number = f"the sum over the batch divided by {divisor:,}"
        if any(one.n != case.n for one in cases):
            by_number += ", however many samples it has"
            found.append(Assumption(by_number, _all_by(lambda case: divisor), rank=1))
        elif kind == "mean":
            said = f"{said}, which is the sum divided by {divisor:,}"
        else:
            said = by_number
    scaled = functools.partial(_by_factor, kind=kind, factor=factor)
    return [*found, Assumption(said, scaled, rank=2)]


def _factor(case: BatchCase, wrong: Sequence[str]) -> float:
    """Returns how many times what was asked for parameters are, by least squares; 0 for none."""
    shown, products, squares = 0, 0.0, 0.0
    for name in wrong:
        found, right = case.found[name].astype(np.float64), case.expects(name)
        known = (np.abs(right.value) > _SHOWN * right.allowed) & np.isfinite(found)
        shown += int(np.count_nonzero(known))
        products += float((found[known] * right.value[known]).sum())
        squares += float(np.square(right.value[known]).sum())
    return products / squares if shown >= _FEWEST and squares else 0.0
