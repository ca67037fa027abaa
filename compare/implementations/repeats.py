"""Implementations run again, to tell what changes from run to run."""

from collections.abc import Mapping, Sequence

from compare.evidence.differences.noise import Noise, merge_runs, noise_between
from compare.implementations.base import Implementation
from compare.problem.answers import Answer

MARK = "@again"  # after the name of an implementation that computes once more; a number follows


def again(taking_part: Sequence[Implementation], repeats: int) -> list[Implementation]:
    """Returns all that compute once more, under other names."""
    return [
        one._replace(name=f"{one.name}{MARK}{run}")
        for run in range(1, repeats + 1)
        for one in taking_part
        if one.computes
    ]


def noises_of(answers: Mapping[str, Answer]) -> dict[str, Noise]:
    """Holds what was computed again against the first time, by name."""
    found: dict[str, Noise] = {}
    for repeated, answer in answers.items():
        name, mark, _ = repeated.rpartition(MARK)
        if mark:
            noise = noise_between(answers[name].grads, answer.grads)
            found[name] = merge_runs(found[name], noise) if name in found else noise
    return found
