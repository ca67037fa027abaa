"""What has moved since a baseline: the same implementation, then and now."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.evidence.certificate.proof import Certificate
from compare.evidence.differences.noise import count_moved
from compare.evidence.differences.pairs import Pair
from compare.evidence.rounding.arithmetic import Arithmetic
from compare.implementations.baseline import Baseline
from compare.implementations.stored import recorded
from compare.pipeline.pairing import Answered, Compared, Pairing
from compare.problem.answers import Answer
from compare.problem.blocks import Block
from compare.problem.problem import Problem
from compare.results import Change, Drift

MARK = "@baseline"  # after the name of an implementation as it was then


class Drifted(NamedTuple):
    """What was found of some samples."""

    pairs: list[Pair]  # of an implementation now and then
    moved: dict[str, int]  # implementation -> entries whose bits are others


class Drifts:
    """Pairs of an implementation and itself in the baseline, block by block."""

    def __init__(
        self,
        baseline: Baseline,
        problem: Problem,
        names: Sequence[str],
        *,
        layout: str,
        samples: range,
        rng: np.random.Generator,
        arithmetics: Mapping[str, Arithmetic] | None = None,
    ) -> None:
        """Takes the names that are in both; the other arguments are those of `Pairing`.

        Raises:
          UsageError: if there are none.
        """
        self._baseline, self._names = baseline, names
        self._all_samples = len(samples) == problem.n_samples
        common = [name for name in names if name in baseline.answers]
        if not common:
            raise UsageError(
                f"--baseline {baseline.path}: expected one of {', '.join(names)} in it, found "
                f"{', '.join(baseline.answers)}"
            )
        self._moved = dict.fromkeys(common, 0)
        self.then = [
            recorded(name + MARK, baseline.path, baseline.answers[name]) for name in common
        ]
        pairs = [(name, name + MARK) for name in common]
        self._pairing = Pairing(
            problem, pairs, layout=layout, samples=samples, rng=rng, arithmetics=arithmetics
        )

    def examine(self, block: Block, answers: Mapping[str, Answer], *, compiled: bool) -> Drifted:
        """Holds the answers to a block against those of then, and changes nothing."""
        moved = {
            name: count_moved(answers[name].grads, answers[name + MARK].grads)
            for name in self._moved
        }
        found = self._pairing.examine(block, answers, compiled=compiled)
        return Drifted(found.pairs, moved)

    def add(self, found: Drifted) -> None:
        """Joins what was found of other samples, in any order."""
        self._pairing.add(Compared(found.pairs, None))
        for name, moved in found.moved.items():
            self._moved[name] += moved

    @property
    def found(self) -> Drifted:
        """All that has been added."""
        return Drifted(self._pairing.pairs, self._moved)

    def finish(self, answered: Answered) -> None:
        """Adds what can only be chosen at the end."""
        self._pairing.finish(answered)

    def change(
        self, certificates: Mapping[str, Certificate], versions: Mapping[str, str]
    ) -> Change:
        """Returns what has changed, given what is certified now and the versions in use."""
        before, known = self._baseline.versions, self._baseline.certified
        return Change(
            self._baseline.path,
            {
                package: (before.get(package), versions.get(package))
                for package in {**before, **versions}
                if before.get(package) != versions.get(package)
            },
            tuple(
                Drift(
                    pair.a,
                    moved,
                    pair,
                    certified_then=known[pair.a] if self._all_samples else None,
                    certified_now=certificates[pair.a].certified,
                )
                for pair, moved in zip(self._pairing.pairs, self._moved.values(), strict=True)
            ),
            only_then=tuple(name for name in known if name not in self._names),
            only_now=tuple(name for name in self._names if name not in known),
        )
