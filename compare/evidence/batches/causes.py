"""Why the gradient of a batch is wrong where those of its samples are right.

One thing is assumed to be otherwise, and the gradient is held against the same bound again. What
holds in every parameter that is wrong, and in every batch, is the name of the mistake.
"""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.batches.case import BatchCase, Sums
from compare.evidence.hypotheses.explanation import WHOLE, Cause
from compare.numbers import told_apart

_MOST_NAMES = 2  # that fit alike and are both told
_WHOLE_NUMBER = 1e-3  # relative: how near to one a divisor is
_APART = 4.0  # allowances of both: what is asked for and what is assumed differ by more
_SHOWN = 8.0  # allowances: an entry that large shows a number
_FEWEST = 2  # such entries


class Assumption(NamedTuple):
    """One thing that may be otherwise."""

    said: str  # continues 'dL/db1 of mine is ...'
    sums: Callable[[BatchCase], Sums]
    rank: int = 0  # the higher, the less it says: a number that anything fits
    remedy: str = ""  # what to say too where the whole gradient is so


def explain(cases: Sequence[BatchCase], *, kind: str, n_outputs: int) -> tuple[Cause, ...]:
    """Returns what explains all batches, empty if nothing does.

    Args:
      cases: of two samples or more each; one of them is wrong.
      kind: 'mean' or 'sum', as was asked.
      n_outputs: of the network.
    """
    names = list(cases[0].found)
    wrong = [name for name in names if any(case.is_suspect(name) for case in cases)]
    plain = _plain(kind, n_outputs)
    one = _cause(cases, wrong, names, plain, kind)
    if one is not None:
        return (one,)
    sides = [[name for name in wrong if name.startswith(letter)] for letter in "wb"]
    both = [_cause(cases, side, names, plain, kind) for side in sides if side]
    found = tuple(one for one in both if one is not None)
    return found if len(found) == len(sides) else ()


def _cause(
    cases: Sequence[BatchCase],
    wrong: Sequence[str],
    names: Sequence[str],
    plain: Sequence[Assumption],
    kind: str,
) -> Cause | None:
    """Returns the one cause of all parameters that are wrong, if there is one."""
    fitting = [
        one for one in (*plain, *_numbers(cases[0], wrong, kind)) if _fits(one, cases, wrong)
    ]
    fitting = [one for one in fitting if one.rank == fitting[0].rank]
    if not 1 <= len(fitting) <= _MOST_NAMES:
        return None
    whole = all(
        case.holds(name, one.sums(case)) for one in fitting for case in cases for name in names
    )
    said = ", or ".join(one.said + one.remedy * whole for one in fitting)
    return Cause((WHOLE,) if whole else tuple(f"dL/d{name}" for name in reversed(wrong)), said)


def _fits(one: Assumption, cases: Sequence[BatchCase], wrong: Sequence[str]) -> bool:
    """Whether all batches are as assumed, and some entry surely shows it."""
    pairs = [(case, one.sums(case), name) for case in cases for name in wrong]
    return all(
        case.holds(name, sums) and not case.is_doubtful(name, sums) for case, sums, name in pairs
    ) and any(_are_told_apart(case, name, sums) for case, sums, name in pairs)


def _are_told_apart(case: BatchCase, name: str, sums: Sums) -> bool:
    asked, other = case.expects(name), case.expects(name, sums)
    with np.errstate(all="ignore"):
        apart = np.abs(asked.value - other.value)
        return bool((apart > _APART * (asked.allowed + other.allowed)).any())


def _plain(kind: str, k: int) -> list[Assumption]:
    """Returns what may be otherwise without any unknown number."""
    asked, other = ("mean", "sum") if kind == "mean" else ("sum", "mean")

    def all_by(divisor: Callable[[BatchCase], float]) -> Callable[[BatchCase], Sums]:
        return lambda case: Sums(np.ones(len(case.counts)) / divisor(case))

    swapped = Assumption(
        f"the {other} over the batch where the {asked} is asked for",
        all_by(lambda case: case.n if other == "mean" else 1),
        remedy=f", as it should be with --reduction={other}",
    )
    found = {
        "the mean over the batch divided by its number of samples": all_by(lambda case: case.n**2),
        "the sum over the batch divided by its number of samples less one": all_by(
            lambda case: max(case.n - 1, 1)
        ),
    }
    if k > 1:
        found[f"the {asked} over the batch divided by the {k} outputs too"] = all_by(
            lambda case: k / case.weight
        )
        if kind == "mean":
            found[f"the sum over the batch divided by the {k} outputs, and not by its samples"] = (
                all_by(lambda case: k)
            )
    l2 = "right but for the L2 term, which is "
    if kind == "mean":
        found[f"{l2}divided by the number of samples"] = lambda case: Sums(
            np.full(len(case.counts), case.weight), 1 / case.n
        )
        found[f"{l2}multiplied by the number of samples"] = lambda case: Sums(
            np.full(len(case.counts), case.weight), case.n
        )
    else:
        found[f"{l2}added once for every sample"] = lambda case: Sums(
            np.full(len(case.counts), case.weight), case.n
        )
    found |= _of_some_samples(kind)
    return [swapped, *(Assumption(said, sums) for said, sums in found.items())]


def _of_some_samples(kind: str) -> dict[str, Callable[[BatchCase], Sums]]:
    """Returns sums that leave samples out, weighted as asked or by how many there are."""
    alone = {"last": slice(-1, None), "first": slice(0, 1)}
    without = {"first": slice(1, None), "last": slice(0, -1)}

    def sums(case: BatchCase, *, rows: slice, by_own: bool) -> Sums:
        shares = np.zeros(len(case.counts))
        shares[rows] = 1 / max(case.counts[rows].sum(), 1) if by_own else case.weight
        return Sums(shares)

    found: dict[str, tuple[slice, bool]] = {}
    for which, rows in alone.items():
        said = f"that of the {which} sample of a batch alone"
        found[said] = rows, kind == "mean"
        if kind == "mean":
            found[f"{said}, divided by the number of all"] = rows, False
    for which, rows in without.items():
        said = f"that of a batch without its {which} sample"
        found[said] = rows, kind == "mean"
        if kind == "mean":
            found[f"{said}, divided by the number of all"] = rows, False
    return {
        said: functools.partial(sums, rows=rows, by_own=by_own)
        for said, (rows, by_own) in found.items()
    }


def _numbers(case: BatchCase, wrong: Sequence[str], kind: str) -> list[Assumption]:
    """Returns the sum over a number, and any factor, as far as entries show one."""
    shown, products, squares = 0, 0.0, 0.0
    for name in wrong:
        found, right = case.found[name].astype(np.float64), case.expects(name)
        known = (np.abs(right.value) > _SHOWN * right.allowed) & np.isfinite(found)
        shown += int(np.count_nonzero(known))
        products += float((found[known] * right.value[known]).sum())
        squares += float(np.square(right.value[known]).sum())
    if shown < _FEWEST or not squares or not products:
        return []
    factor = products / squares  # of what was asked for
    said, _ = told_apart(factor, 1.0, digits=4)
    numbers = [
        Assumption(
            f"{said} times the {kind} over the batch",
            lambda case: Sums(np.full(len(case.counts), factor * case.weight)),
            rank=2,
        )
    ]
    exact = 1 / (factor * case.weight)
    divisor = round(exact) if 1.5 < exact < 2**53 else 0
    if divisor and abs(exact / divisor - 1) < _WHOLE_NUMBER:
        by_number = Assumption(
            f"the sum over the batch divided by {divisor:,}, however many samples it has",
            lambda case: Sums(np.full(len(case.counts), 1 / divisor)),
            rank=1,
        )
        numbers.insert(0, by_number)
    return numbers
