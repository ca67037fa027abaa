"""The failed sample step by step: which rows of it a table has, and what stands in them."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from compare.evidence.hypotheses.explanation import Step
from compare.numbers import entry, told_apart

_MOST_ROWS = 12
_MARKS = ("wrong", "holds", "unseen")


class Row(NamedTuple):
    """One quantity at the entry that is furthest off, or a count of quantities left out."""

    entry: str
    theirs: str  # '-' if the gradient does not contain it
    ours: str  # '-' if it follows from something wrong that nothing explains
    mark: str  # 'wrong', 'holds' or 'unseen'


def rows_of(steps: Sequence[Step]) -> list[Row]:
    """Returns all steps, or those that are wrong and their neighbours if there are many."""
    chosen = set(range(len(steps)))
    if len(steps) > _MOST_ROWS:
        wrong, chosen = [i for i, one in enumerate(steps) if not one.holds], set()
        for distance in (0, -1, 1):
            near = {i + distance for i in wrong} & set(range(len(steps)))
            chosen |= set(sorted(near - chosen)[: _MOST_ROWS - len(chosen)])
    rows = [_row(steps[i]) for i in sorted(chosen)]
    left = [_mark(one) for i, one in enumerate(steps) if i not in chosen]
    return rows + [Row(f"{left.count(one)} more", "", "", one) for one in _MARKS if one in left]


def title_of(sample: int, implementation: str) -> str:
    """Says what the table is of."""
    return (
        f"Sample {sample:,} of {implementation}, forward and backward, each step at the entry that "
        "is furthest off; ours is what follows from their steps before it"
    )


def _row(step: Step) -> Row:
    figures, mark = step.figures, _mark(step)
    values = (figures.found, figures.expected)
    theirs, ours = told_apart(*values) if mark == "wrong" else map(_known, values)
    return Row(entry(figures.quantity, figures.place), theirs, ours, mark)


def _known(value: float) -> str:
    return "-" if math.isnan(value) else told_apart(value)[0]


def _mark(step: Step) -> str:
    if math.isnan(step.figures.found) or math.isnan(step.figures.expected):
        return "unseen"
    return "holds" if step.holds else "wrong"
