"""Why the gradient of a batch is wrong where those of its samples are right.

One thing is assumed to be otherwise, and the gradient is held against the same bound again. What
holds in every parameter that is wrong, and in every batch, is the name of the mistake.
"""

from collections.abc import Sequence

import numpy as np

from compare.evidence.batches.assumptions import (
    Asked,
    Assumption,
    numbered_assumptions,
    plain_assumptions,
)
from compare.evidence.batches.case import BatchCase, Sums
from compare.evidence.hypotheses.explanation import WHOLE, Cause

_MOST_NAMES = 2  # that fit alike and are both told
_APART = 4.0  # allowances of both: what is asked for and what is assumed differ by more


def explain(cases: Sequence[BatchCase], asked: Asked) -> tuple[Cause, ...]:
    """Returns what explains all batches, empty if nothing does.

    Args:
      cases: of two samples or more each; one of them is wrong.
      asked: what they should be.
    """
    names = list(cases[0].found)
    wrong = [name for name in names if any(case.is_suspect(name) for case in cases)]
    plain = plain_assumptions(asked)
    one = _cause(cases, wrong, names, plain, asked.kind)
    if one is not None:
        return (one,)
    sides = [[name for name in wrong if name.startswith(letter)] for letter in "wb"]
    both = [_cause(cases, side, names, plain, asked.kind) for side in sides if side]
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
    numbered = numbered_assumptions(cases, wrong, kind)
    fitting = [one for one in (*plain, *numbered) if _fits(one, cases, wrong)]
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
