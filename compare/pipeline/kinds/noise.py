"""What changes when an implementation computes the same gradients again."""

import functools
from collections.abc import Mapping, Sequence

import numpy as np

from compare.evidence.differences import noise
from compare.evidence.differences.noise import Noise
from compare.implementations.base import Implementation
from compare.implementations.repeats import repeat_name, repeated
from compare.pipeline.kinds.base import Evidence, Run, merge_by_name
from compare.problem.answers import Answer
from compare.problem.blocks import Block


class RepeatNoise(Evidence[dict[str, Noise]]):
    """The noise of every implementation that can compute again, by name."""

    name = "noise"
    holds = dict[str, Noise]
    nothing: dict[str, Noise] = {}  # noqa: RUF012 (nobody adds to it)

    def __init__(self, run: Run, rng: np.random.Generator) -> None:
        del rng  # all samples are computed again
        self._names, self._repeats = run.names, run.repeats

    def reason_absent(self) -> str | None:
        """Says no where nothing is computed again."""
        return None if self._repeats else "nothing is computed again"

    def also_answering(self, taking_part: Sequence[Implementation]) -> list[Implementation]:
        """Returns the implementations that can compute again, once for every repeat."""
        return repeated(taking_part, self._repeats)

    def examine(
        self,
        block: Block,
        answers: Mapping[str, Answer],
        known: dict[str, Noise],
        *,
        compiled: bool,
    ) -> dict[str, Noise]:
        """Compares the repeats with the first run."""
        del block, known, compiled
        return {
            name: functools.reduce(noise.merge_runs, noises)
            for name in self._names
            if (noises := self._noises(name, answers))
        }

    def _noises(self, name: str, answers: Mapping[str, Answer]) -> list[Noise]:
        again = (repeat_name(name, run) for run in range(1, self._repeats + 1))
        first = answers[name].grads
        return [noise.noise_between(first, answers[one].grads) for one in again if one in answers]

    def merge(self, one: dict[str, Noise], other: dict[str, Noise]) -> dict[str, Noise]:
        """Joins the noise of two sets of samples."""
        return merge_by_name(one, other, noise.merge)
