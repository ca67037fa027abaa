"""Why steps of a run are not those of its reference: one changed assumption, or two."""

from collections.abc import Collection, Iterator

import numpy as np

from compare.steps.rules.assumption import Assumption
from compare.steps.rules.assumptions.clipping import of_clipping
from compare.steps.rules.assumptions.decay import of_decay
from compare.steps.rules.assumptions.gradients import of_gradients
from compare.steps.rules.assumptions.moments import of_averages, of_corrections, of_eps
from compare.steps.rules.assumptions.momentum import of_momentum
from compare.steps.rules.assumptions.numbers import of_numbers
from compare.steps.rules.assumptions.rates import of_rates
from compare.steps.rules.fit import Fit
from compare.steps.rules.sample import Sample, sample
from compare.steps.rules.shares import Share, Steps, hold, shares

_MOST = 3  # assumptions that are told where they cannot be told apart


def explain(steps: Steps, dtype: np.dtype) -> str | None:
    """Returns what a run does in the place of what its reference does, in one sentence.

    Steps are explained by an assumption if rounding explains all that they have made under it, and
    not without it.

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
        found = list(_that_hold(steps, names, wrong, dtype))
        if found:
            return _told(found, names if len(names) < len(trained) else ())
    return None


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
    of = f"of {', '.join(f'`{name}`' for name in names)}: " if names else ""
    sentences = [one.sentence for one in found]
    if len(sentences) == 1:
        return of + sentences[0]
    return f"{of}one of these, which these steps do not tell apart: {'; or '.join(sentences)}"
