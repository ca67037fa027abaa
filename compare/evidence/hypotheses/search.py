"""Why a certificate fails: one assumption at a time, and another one where one is not enough.

An assumption is told if the whole certificate holds under it, in every sample, certified ones
included. Where none does, the search goes on from those under which least is left to explain.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.hypotheses.assumption import UNSURE, Assumption, holds_well
from compare.evidence.hypotheses.bias_gradients import bias_assumptions
from compare.evidence.hypotheses.causes import causes_of, joined, told_claims
from compare.evidence.hypotheses.deltas import delta_assumptions
from compare.evidence.hypotheses.earlier import earlier_assumptions
from compare.evidence.hypotheses.explanation import Cause, Explanation, Figures
from compare.evidence.hypotheses.forwards import forward_assumptions
from compare.evidence.hypotheses.outputs import output_assumptions
from compare.evidence.hypotheses.penalties import penalty_assumptions
from compare.evidence.hypotheses.readings import reading_assumptions
from compare.evidence.hypotheses.samples import Surroundings, sample_assumptions
from compare.evidence.hypotheses.steps import steps_of, without_wrong_gradients
from compare.evidence.hypotheses.terms import term_assumptions
from compare.evidence.hypotheses.weight_gradients import weight_assumptions

_BEAM = 8  # assumptions from which the search goes on
_DEPTH = 2  # mistakes at once

_BY_LAYER = (forward_assumptions, delta_assumptions, weight_assumptions, bias_assumptions)


class _Found(NamedTuple):
    """What a search has come to."""

    start: Assumption  # nothing is assumed yet
    ways: list[Assumption]  # the best of those under which all holds
    is_complete: bool  # whether all there is was tried

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The causes of the only way, or of two that differ in one of them."""
        return joined([causes_of(one) for one in self.ways])


def explain(
    cases: Iterable[Case], around: Surroundings, *, is_late: Callable[[], bool] = lambda: False
) -> Explanation | None:
    """Explains a failure on the first rung of the ladder on which there is a cause.

    Args:
      cases: the failed sample that is to be explained, then others, some of them certified; as each
        rung has them. A higher one allows for more, and so tells less apart.
      around: of these samples.
      is_late: whether to stop looking.

    Returns:
      None if no rule is broken on any rung.
    """
    found = None
    for case in cases:
        start = Assumption(case.wide())
        if start.broken:
            found = _search(start, around, is_late)
            if found.causes:
                break
    return None if found is None else _explanation(found)


def _search(start: Assumption, around: Surroundings, is_late: Callable[[], bool]) -> _Found:
    """Looks for what one assumption explains, and then two."""
    found: list[Assumption] = [start]
    for _ in range(_DEPTH):
        level = sorted(filter(_is_sure, found), key=_left)[:_BEAM]
        found = list(_helpful(level, around, is_late))
        whole = [one for one in found if not one.broken and _is_well(one, start)]
        if whole or is_late():
            return _Found(start, _best(whole), not is_late())
    return _Found(start, [], is_complete=True)


def _best(whole: Sequence[Assumption]) -> list[Assumption]:
    """Returns those of the lowest rank, each causes once; of equal numbers what was tried first."""
    told = {frozenset(causes_of(one)): one for one in reversed(whole)}
    best = min(map(_rank, told.values()), default=None)
    least = [one for one in told.values() if _rank(one) == best]
    return [
        one
        for i, one in enumerate(least, start=1)
        if not any(_is_same(one, earlier) for earlier in least[i:])
    ]


def _is_same(one: Assumption, other: Assumption) -> bool:
    """Whether all rules ask for the same numbers, as of relu where every z is positive."""
    return (
        one.case is other.case
        and one.instead.keys() == other.instead.keys()
        and all(
            np.array_equal(check.expected, other.instead[rule].expected)
            for rule, check in one.instead.items()
        )
    )


def _helpful(
    level: Sequence[Assumption], around: Surroundings, is_late: Callable[[], bool]
) -> Iterator[Assumption]:
    """Yields what leaves less to explain; what is unsure only if nothing is assumed yet."""
    for one in level:
        for new in _assumptions(one, around, is_late):
            if is_late():
                return
            if _left(new) < _left(one) and (_is_sure(new) or not one.claims):
                yield new


def _is_well(assumption: Assumption, start: Assumption) -> bool:
    """Whether the rules that were broken do not just about hold."""
    return all(holds_well(assumption.checks[rule], start.case) for rule in start.broken)


def _is_sure(assumption: Assumption) -> bool:
    return all(claim.rank < UNSURE for claim in assumption.claims)


def _left(assumption: Assumption) -> tuple[int, int]:
    """How much is left to explain: rules at parameters, and samples that break them."""
    return len(assumption.broken), sum(map(np.count_nonzero, assumption.broken.values()))


def _assumptions(
    start: Assumption, around: Surroundings, is_late: Callable[[], bool]
) -> Iterator[Assumption]:
    """Yields every assumption that may explain something, until it is late."""
    yield from sample_assumptions(start, around)
    yield from reading_assumptions(start, around.layout)
    yield from output_assumptions(start, around.n_samples)
    if around.earlier is not None:
        yield from earlier_assumptions(start, around.earlier)
    yield from term_assumptions(start)
    yield from penalty_assumptions(start, around.n_samples)
    layers = range(1, start.local.n_layers + 1)
    for family in _BY_LAYER:
        first: dict[str, tuple[int, Assumption]] = {}  # by what is said
        for layer in itertools.takewhile(lambda _: not is_late(), layers):
            for one in family(start, layer):
                first.setdefault(one.claims[-1].said, (layer, one))
                yield one
        for said, (layer, one) in first.items():
            if is_late():
                return
            everywhere = _everywhere(family, one, layers[layer:], said)
            if everywhere is not one:
                yield everywhere


def _everywhere(
    family: Callable[[Assumption, int], Iterator[Assumption]],
    start: Assumption,
    layers: Sequence[int],
    said: str,
) -> Assumption:
    """Assumes the same in every other layer where it may be."""
    for layer in layers:
        same = (one for one in family(start, layer) if one.claims[-1].said == said)
        start = next(same, start)
    return start


def _explanation(found: _Found) -> Explanation:
    """Adds figures and steps to the causes, or to what is wrong without one."""
    causes, is_complete = found.causes, found.is_complete
    if not causes:
        right = without_wrong_gradients(found.start)
        steps = steps_of(right, _shown(right))
        wrong = (one.figures for one in steps if not one.holds)
        return Explanation((), next(wrong, None), is_complete, steps, are_many=bool(found.ways))
    shown = _shown(found.ways[0])
    steps = steps_of(found.ways[0], shown) if shown else ()
    return Explanation(causes, next(iter(shown.values()), None), is_complete, steps)


def _shown(assumption: Assumption) -> dict[str, Figures]:
    """Returns the figures of what is claimed, in the order of the data."""
    shown = (one.shown for one in told_claims(assumption))
    return {one.quantity: one for one in shown if one is not None}


def _rank(assumption: Assumption) -> tuple[int, int]:
    return len(causes_of(assumption)), sum(one.rank for one in assumption.claims)
