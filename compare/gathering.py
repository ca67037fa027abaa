"""All the evidence of a run, gathered block by block."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from compare.answers import Answer, name_parameters
from compare.baseline import Baseline
from compare.blocks import Block
from compare.drift import Drifts
from compare.evidence import proof
from compare.evidence.detectable import MOST_SAMPLES, detectable_ulp
from compare.evidence.diagnosis import Explanation, Samples, diagnose
from compare.evidence.pairs import Pair
from compare.evidence.proof import Certificate, Finding
from compare.evidence.witness import WitnessError, witness_errors
from compare.implementations import Implementation
from compare.pairing import Answered, Pairing, choose
from compare.problem import Problem
from compare.report.base import Change
from jaxmlp.base import Grads, parameter_count

_MOST_WITNESSED = 30_000  # parameters: the witness runs the network once for each
_COMPILED_FROM = 20  # blocks; with fewer, compiling the certificate costs more than it saves
_DIAGNOSED = 16  # samples that an explanation has to fit


class Evidence:
    """What has been found so far: pairs, certificates, explanations, witness."""

    def __init__(
        self,
        problem: Problem,
        names: Sequence[str],
        *,
        samples: range,
        layout: str,
        seed: int,
        witness: int,
        baseline: Baseline | None = None,
    ) -> None:
        """Chooses, by the seed, which of the samples get bounds and which a witness.

        Raises:
          UsageError: if the baseline has none of the names.
        """
        self._problem, self._names, self._layout = problem, names, layout
        rng = np.random.default_rng(seed)
        combinations = list(itertools.combinations(names, 2))
        self._pairing = Pairing(problem, combinations, layout=layout, samples=samples, rng=rng)
        self._witnessed = choose(rng, samples, witness)
        self._drifts = None
        if baseline is not None:
            self._drifts = Drifts(baseline, problem, names, layout=layout, samples=samples, rng=rng)
        if parameter_count(problem.layer_sizes) > _MOST_WITNESSED:
            self._witnessed = self._witnessed[:0]
        self.certificates: dict[str, Certificate] = {}
        self.explanations: dict[str, Explanation | None] = {}
        self.detectable: dict[str, dict[str, float]] = {}  # of the first block's samples
        self.witness: list[WitnessError] = []

    @property
    def pairs(self) -> list[Pair]:
        """Every two of the names, in order."""
        return self._pairing.pairs

    @property
    def earlier(self) -> list[Implementation]:
        """What has to answer too: implementations as they were in a baseline."""
        return self._drifts.then if self._drifts else []

    def change(self, versions: Mapping[str, str]) -> Change | None:
        """What has changed since the baseline, now that these versions are in use."""
        return self._drifts.change(self.certificates, versions) if self._drifts else None

    def add(self, block: Block, answers: Mapping[str, Answer], *, n_blocks: int) -> None:
        """Takes a block in; blocks come in order."""
        self._pairing.add(block, answers)
        if self._drifts is not None:
            self._drifts.add(block, answers)
        for name in self._names:
            self._certify(name, block, answers[name], compiled=n_blocks >= _COMPILED_FROM)
        for row in block.rows(self._witnessed):
            self.witness += self._ask_witness(block, answers, int(row))

    def finish(self, answered: Answered) -> None:
        """Adds what can only be chosen at the end."""
        self._pairing.finish(answered)
        if self._drifts is not None:
            self._drifts.finish(answered)

    def _certify(self, name: str, block: Block, answer: Answer, *, compiled: bool) -> None:
        earlier = self.certificates.get(name)
        found = proof.certify(
            name,
            self._problem.params,
            *block.batch,
            answer.grads,
            activation=self._problem.activation,
            printed=answer.printed,
            first_sample=block.start,
            compiled=compiled,
            worst_so_far=-1.0 if earlier is None or earlier.worst is None else earlier.worst.ratio,
        )
        failure = found.first_failure
        if failure is not None and name not in self.explanations:
            self.explanations[name] = self._diagnose(block, answer, failure.sample - block.start)
        if earlier is None and found.failed == 0 and found.certified:
            self.detectable[name] = self._detectable(block, answer)
        found = _in_layout(found, self._layout)
        self.certificates[name] = proof.merge(earlier, found) if earlier else found

    def _detectable(self, block: Block, answer: Answer) -> dict[str, float]:
        """Asks what the certificate would see, on a few samples with finite gradients."""
        finite = np.all(
            [
                np.isfinite(leaf.reshape(len(leaf), -1)).all(axis=1)
                for layer in answer.grads
                for leaf in layer
            ],
            axis=0,
        )
        rows = np.flatnonzero(finite)[:MOST_SAMPLES]
        return detectable_ulp(
            _wide(self._problem.params, slice(None)),
            block.batch.x[rows].astype(np.float64),
            block.batch.y[rows].astype(np.float64),
            _wide(answer.grads, rows),
            activation=self._problem.activation,
            dtype=answer.dtype,
            printed=answer.printed and _wide(answer.printed, rows),
        )

    def _diagnose(self, block: Block, answer: Answer, row: int) -> Explanation | None:
        """Tries to explain a failure; the samples after it have to fit the explanation too."""
        rows = np.unique((row + np.arange(min(_DIAGNOSED, block.size))) % block.size)
        samples = Samples(
            params=_wide(self._problem.params, slice(None)),
            x=block.batch.x[rows].astype(np.float64),
            y=block.batch.y[rows].astype(np.float64),
            grads=_wide(answer.grads, rows),
            activation=self._problem.activation,
            dtype=answer.dtype,
            n_samples=self._problem.n_samples,
            printed=answer.printed and _wide(answer.printed, rows),
        )
        with np.errstate(all="ignore"):  # a gradient that overflows fits nothing
            return diagnose(samples)

    def _ask_witness(
        self, block: Block, answers: Mapping[str, Answer], row: int
    ) -> list[WitnessError]:
        named = {k: name_parameters(answers[k].grads, self._layout) for k in self._names}
        return witness_errors(
            self._problem.params,
            block.batch.x[row],
            block.batch.y[row],
            {k: {p: array[row] for p, array in arrays.items()} for k, arrays in named.items()},
            activation=self._problem.activation,
            layout=self._layout,
            sample=block.start + row,
        )


def _in_layout(certificate: Certificate, layout: str) -> Certificate:
    """Names entries of matrices, which certificates know as [n_in, n_out], in a layout."""
    if layout == "in_out":
        return certificate
    return dataclasses.replace(
        certificate,
        worst=_turned(certificate.worst),
        first_failure=_turned(certificate.first_failure),
    )


def _turned(finding: Finding | None) -> Finding | None:
    return finding and dataclasses.replace(finding, index=finding.index[::-1])


def _wide(layers: Grads, rows: np.ndarray | slice) -> list[tuple[np.ndarray, np.ndarray]]:
    """Some rows of every leaf, in float64."""
    return [(w[rows].astype(np.float64), b[rows].astype(np.float64)) for w, b in layers]
