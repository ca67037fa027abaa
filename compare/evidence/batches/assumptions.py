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
    loss: str  # of one sample, by its name


def plain_assumptions(asked: Asked) -> list[Assumption]:
    """Returns what may be otherwise without any unknown number."""
    return [*_divided(asked), *_scaled(asked), *_penalties(asked), *_of_some_samples(asked.kind)]


def _all_by(divisor: Callable[[BatchCase], float]) -> Callable[[BatchCase], Sums]:
    """Returns the sum over something."""
    return lambda case: Sums(np.ones(len(case.counts)) / divisor(case))


def _divided(asked: Asked) -> Iterator[Assumption]:
    other = "sum" if asked.kind == "mean" else "mean"
    yield Assumption(
        f"the {other} over the batch where the {asked.kind} is asked for",
        _all_by(lambda case: case.n if other == "mean" else 1),
        remedy=f", as it should be with --reduction={other}",
    )
    yield Assumption(
        "the mean over the batch divided by its number of samples", _all_by(lambda case: case.n**2)
    )
    yield Assumption(
        "the sum over the batch divided by its number of samples less one",
        _all_by(lambda case: max(case.n - 1, 1)),
    )
    k = asked.n_outputs
    if k > 1 and asked.kind == "mean":
        yield Assumption(
            f"the sum over the batch divided by the {k} outputs, and not by its samples",
            _all_by(lambda case: k),
        )


def _scaled(asked: Asked) -> Iterator[Assumption]:
    """Yields the factors by which the squared losses differ, and that of a mean over outputs."""
    k, loss = asked.n_outputs, asked.loss
    family = {"squared": 1.0, "half_squared": 0.5, "mean_squared": 1 / k}
    right_for: dict[float, list[str]] = {1 / k: []}
    for name, size in family.items() if loss in family else ():
        right_for.setdefault(size / family[loss], []).append(f"--loss={name}")
    for factor, flags in right_for.items():
        if factor == 1:
            continue
        yield Assumption(
            _times(factor, asked),
            functools.partial(_by_factor, factor=factor),
            remedy=f": right for {' or '.join(flags)}" * bool(flags),
        )


def _times(factor: float, asked: Asked) -> str:
    kind, k, loss = asked
    if factor == 0.5:
        ways = ["a missing factor 2"] * (loss == "squared") + [f"a mean over the {k} outputs"] * (
            k == 2
        )
        return f"half of the {kind} over the batch" + f", as by {' or by '.join(ways)}" * bool(ways)
    if factor == 2:
        return f"twice the {kind} over the batch"
    if factor == 1 / k:
        return f"the {kind} over the batch divided by the {k} outputs too"
    return f"{told_apart(factor, 1.0, digits=4)[0]} times the {kind} over the batch"


def _by_factor(case: BatchCase, *, factor: float) -> Sums:
    return Sums(np.full(len(case.counts), factor * case.weight))


def _penalties(asked: Asked) -> Iterator[Assumption]:
    how = "divided by the number of samples" if asked.kind == "mean" else "added for every sample"

    def sums(case: BatchCase) -> Sums:
        times = 1 / case.n if asked.kind == "mean" else case.n
        return Sums(np.full(len(case.counts), case.weight), times)

    yield Assumption(f"right but for the L2 term, which is {how}", sums)


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
    said = f"{told_apart(factor, 1.0, digits=4)[0]} times the {kind} over the batch"
    exact = 1 / (factor * case.weight)
    divisor = round(exact) if 1.5 < exact < 2**53 else 0
    found = []
    if divisor and abs(exact / divisor - 1) < _WHOLE_NUMBER:
        by_number = f"the sum over the batch divided by {divisor:,}"
        if any(one.n != case.n for one in cases):
            by_number += ", however many samples it has"
            found.append(Assumption(by_number, _all_by(lambda case: divisor), rank=1))
        else:
            said = f"{said}, which is the sum divided by {divisor:,}"
    return [*found, Assumption(said, functools.partial(_by_factor, factor=factor), rank=2)]


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
