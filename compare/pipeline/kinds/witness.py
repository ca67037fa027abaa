"""A few samples, compared with complex-step derivatives."""

from collections.abc import Mapping

import numpy as np

from compare.evidence.witness import WitnessError, witness_errors
from compare.pipeline.kinds.base import Evidence, Run
from compare.pipeline.sampling import choose
from compare.problem.answers import Answer, name_parameters
from compare.problem.blocks import Block

_MOST_PARAMETERS = 30_000  # the witness runs the network once for each

Errors = tuple[WitnessError, ...]


class Witness(Evidence[Errors]):
    """The errors of every implementation in the chosen samples, by sample and in order of names."""

    name = "witness"
    holds = Errors
    nothing = ()

    def __init__(self, run: Run, rng: np.random.Generator) -> None:
        self._problem, self._names, self._layout = run.problem, run.names, run.layout
        self._witnessed = choose(rng, run.samples, run.witness)

    def reason_absent(self) -> str | None:
        """Says no where no sample is to have a witness, or each would cost too much."""
        if not len(self._witnessed):
            return "no sample is to have a witness"
        if self._problem.network.parameter_count > _MOST_PARAMETERS:
            return f"there are more than {_MOST_PARAMETERS:,} parameters"
        return None

    def examine(
        self, block: Block, answers: Mapping[str, Answer], known: Errors, *, compiled: bool
    ) -> Errors:
        """Compares the chosen samples of a block with the witness."""
        del known, compiled
        rows = block.rows(self._witnessed).tolist()
        return tuple(error for row in rows for error in self._ask(block, answers, row))

    def merge(self, one: Errors, other: Errors) -> Errors:
        """Sorts the errors of two sets of samples into one."""
        order = self._names.index
        found = sorted((*one, *other), key=lambda e: (e.sample, order(e.implementation)))
        return tuple(found)

    def _ask(self, block: Block, answers: Mapping[str, Answer], row: int) -> list[WitnessError]:
        named = {k: name_parameters(answers[k].grads, self._layout) for k in self._names}
        return witness_errors(
            self._problem.params,
            block.batch.x[row],
            block.batch.y[row],
            {k: {p: array[row] for p, array in arrays.items()} for k, arrays in named.items()},
            network=self._problem.network,
            layout=self._layout,
            sample=block.start + row,
        )
