"""Why steps of a run are not those of its reference: one changed assumption, or two."""

import dataclasses
from collections.abc import Collection, Iterator

import numpy as np

from compare.steps.rules.assumption import Assumption
from compare.steps.rules.assumptions.clipping import of_clipping
from compare.steps.rules.assumptions.decay import of_decay
from compare.steps.rules.assumptions.gradients import of_gradients
from compare.steps.rules.assumptions.moments import of_averages, of_corrections, of_eps
from compare.steps.rules.assumptions.momentum import of_momentum
from compare.steps.rules.assumptions.numbers import of_new_clips, of_numbers
from compare.steps.rules.assumptions.rates import of_rates
from compare.steps.rules.expected import WEIGHTS
from compare.steps.rules.fit import Fit
from compare.steps.rules.inferred import inferred
from compare.steps.rules.sample import Sample, sample
from compare.steps.rules.shares import Share, Steps, hold, shares

_MOST = 3  # assumptions that are told where they cannot be told apart
_NAMED = 4  # weights that are told by their names


def explain(steps: Steps, dtype: np.dtype) -> str | None:
    """Returns what a run does in the place of what its reference does, in one sentence.

    Steps are explained by an assumption if rounding explains all that they have made under it, and
    not without it. Where none does, one may explain the state and another one the weights, or all
    of another rule.

    Args:
      steps: of a run, one after another; from the first on if its state was not recorded.
      dtype: in which they were computed.

    Returns:
      The sentence; None if there is nothing to explain, or nothing that explains it.
    """
    wrong = [one for one in shares(steps, dtype) if one.used > 1]
    if not wrong:
        return None
    trained = tuple(steps[0].rules)
    for names in _scopes(trained, wrong):
        found = (
            list(_that_hold(steps, names, wrong, dtype))
            or list(_new_clips_that_hold(steps, dtype))
            or list(_pairs_that_hold(steps, names, wrong, dtype))
        )
        if found:
            return _told(found, names if len(names) < len(trained) else ())
    return _another_rule(steps, dtype)


def _another_rule(steps: Steps, dtype: np.dtype) -> str | None:
    """Returns which rule steps follow, if it is one that is known, for all weights."""
    wanted = {rule.described for one in steps for rule in one.rules.values()}
    rules = inferred(steps, dtype) if len(wanted) == 1 else None
    found = {rule.described for rule in rules.values()} if rules else wanted
    if found == wanted:
        return None
    return (
        f"the steps are those of {found.pop()}, where those of the reference are of {wanted.pop()}"
    )


def _scopes(trained: Collection[str], wrong: list[Share]) -> Iterator[tuple[str, ...]]:
    """Yields all weights, and then those whose steps are not explained."""
    yield tuple(trained)
    failing = {one.key[1] for one in wrong}
    if len(failing) < len(trained):
        yield tuple(name for name in trained if name in failing)


def _that_hold(
    steps: Steps, names: Collection[str], wrong: list[Share], dtype: np.dtype
) -> Iterator[Assumption]:
    """Yields the assumptions that explain steps, each of which makes other rules or gradients."""
    known: list[Steps] = []
    some = sample(steps, names, wrong)
    for one in _assumptions(some, dtype):
        tried, changed = one.change(*some), one.change(steps, names)
        if tried is None or changed is None or any(_same(changed, other) for other in known):
            continue
        numbers = {step.number for step in changed}
        are_wrong = any(share.number in numbers for share in wrong)
        if are_wrong and hold(tried, dtype) and hold(changed, dtype):
            known.append(changed)
            yield one


def _new_clips_that_hold(steps: Steps, dtype: np.dtype) -> Iterator[Assumption]:
    """Yields ways of clipping that explain steps, of which a sample has another norm."""
    for one in of_new_clips(Fit(steps, dtype)):
        changed = one.change(steps, tuple(steps[0].rules))
        if changed is not None and hold(changed, dtype):
            yield one


def _pairs_that_hold(
    steps: Steps, names: Collection[str], wrong: list[Share], dtype: np.dtype
) -> Iterator[Assumption]:
    """Yields pairs of assumptions: one explains the state, the other one what is left."""
    of_state = [one for one in wrong if one.key[0] != WEIGHTS]
    stateful = [dataclasses.replace(one, new_weights={}) for one in steps]
    for one in _that_hold(stateful, names, of_state, dtype) if of_state else ():
        changed = one.change(steps, names) or steps
        left = [share for share in shares(changed, dtype) if share.used > 1]
        for other in _that_hold(changed, names, left, dtype):
            yield Assumption(f"{one.sentence}; and {other.sentence}", other.change)


def _assumptions(some: Sample, dtype: np.dtype) -> Iterator[Assumption]:
    yield from of_eps()
    yield from of_corrections()
    yield from of_averages()
    yield from of_momentum()
    yield from of_decay(some.steps)
    yield from of_clipping()
    yield from of_gradients()
    yield from of_rates(some.steps)
    yield from of_numbers(Fit(some.steps, dtype), some.names)


def _same(a: Steps, b: Steps) -> bool:
    """Whether two assumptions ask for the same."""
    return [one.rules for one in a] == [one.rules for one in b] and all(
        one.gradients is other.gradients for one, other in zip(a, b, strict=True)
    )


def _told(found: list[Assumption], names: Collection[str]) -> str | None:
    if len(found) > _MOST:
        return None
    of = f"of {_listed(list(names))}: " if names else ""
    sentences = [one.sentence for one in found]
    if len(sentences) == 1:
        return of + sentences[0]
    return f"{of}one of these, which these steps do not tell apart: {'; or '.join(sentences)}"


def _listed(names: list[str]) -> str:
    known = ", ".join(f"`{name}`" for name in names[:_NAMED])
    return f"{known} and {len(names) - _NAMED:,} more" if len(names) > _NAMED else known
