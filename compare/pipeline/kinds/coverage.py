"""Which pieces of a network's formulas the samples of a run reach."""

from collections.abc import Mapping

import numpy as np

from compare.evidence.pieces import pieces_of, pieces_reached
from compare.pipeline.kinds.base import Evidence, Run
from compare.problem.answers import Answer
from compare.problem.axes import samples_last
from compare.problem.blocks import Block

Pieces = tuple[str, ...]  # in the order of computation


class Coverage(Evidence[Pieces]):
    """The pieces that were reached; once all are, nothing more is computed."""

    name = "coverage"
    holds = Pieces
    nothing: Pieces = ()

    def __init__(self, run: Run, rng: np.random.Generator) -> None:
        del rng  # every sample counts
        self._problem, self._all = run.problem, pieces_of(run.problem.network)

    def reason_absent(self) -> str | None:
        """Says no where there are no kinks."""
        return None if self._all else "no formula of the network has a kink"

    def examine(
        self, block: Block, answers: Mapping[str, Answer], known: Pieces, *, compiled: bool
    ) -> Pieces:
        """Computes a block, unless all pieces are known to be reached."""
        del answers, compiled
        if len(known) == len(self._all):
            return known
        x, y = (samples_last(array) for array in block.batch)
        with np.errstate(all="ignore"):  # what is not finite reaches nothing
            return pieces_reached(self._problem.network, self._problem.params, x, y)

    def merge(self, one: Pieces, other: Pieces) -> Pieces:
        """Joins what two sets of samples reach."""
        return tuple(name for name in self._all if name in {*one, *other})
