"""All the evidence of a run, gathered block by block.

A block is examined by itself, in any thread; what is found of blocks is added up in any order, to
the same evidence: counts, maxima of which the lowest sample has the word, and lists by sample.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate import proof
from compare.evidence.certificate.case import Case, make_case
from compare.evidence.certificate.detectable import MOST_SAMPLES, detectable_ulp
from compare.evidence.certificate.proof import Certificate, Finding
from compare.evidence.differences import noise
from compare.evidence.differences.entries import Entries
from compare.evidence.differences.noise import Noise
from compare.evidence.differences.pairs import Pair
from compare.evidence.hypotheses.diagnosis import Explanation, diagnose
from compare.evidence.rounding.arithmetic import Arithmetic, arithmetic_of
from compare.evidence.witness import WitnessError, witness_errors
from compare.implementations.base import Implementation
from compare.implementations.baseline import Baseline
from compare.implementations.repeats import noises_of
from compare.pipeline.drift import Drifted, Drifts
from compare.pipeline.pairing import Answered, Compared, Pairing, choose
from compare.problem.answers import Answer, name_parameters, names_by_answer, share
from compare.problem.blocks import Block, block_start
from compare.problem.problem import Problem
from compare.results import Change
from jaxmlp.base import parameter_count

_MOST_WITNESSED = 30_000  # parameters: the witness runs the network once for each
_DIAGNOSED = 16  # samples that an explanation has to fit


class Found(NamedTuple):
    """What was found of some samples."""

    pairs: list[Pair]
    certificates: dict[str, Certificate]
    explanations: dict[str, Explanation | None]  # of first failures
    detectable: dict[str, dict[str, float]]
    witness: list[WitnessError]
    drifted: Drifted | None  # since a baseline
    noises: dict[str, Noise]  # of implementations that were run again
    entries: Entries | None  # of the samples with bounds, over all pairs


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
        arithmetics: Mapping[str, Arithmetic] | None = None,
    ) -> None:
        """Chooses, by the seed, which of the samples get bounds and which a witness.

        Args:
          problem: of the run.
          names: of the implementations.
          samples: all of them.
          layout: of weight matrices, in places.
          seed: chooses.
          witness: how many samples have one.
          baseline: to hold them against.
          arithmetics: by implementation, where more is known than the dtype.

        Raises:
          UsageError: if the baseline has none of the names.
        """
        self._problem, self._names, self._layout = problem, names, layout
        self._arithmetics = arithmetics
        rng = np.random.default_rng(seed)
        options: dict[str, Any] = {
            "layout": layout,
            "samples": samples,
            "rng": rng,
            "arithmetics": arithmetics,
        }
        self._pairing = Pairing(problem, list(itertools.combinations(names, 2)), **options)
        self._witnessed = choose(rng, samples, witness)
        self._drifts = None
        if baseline is not None:
            self._drifts = Drifts(baseline, problem, names, **options)
        if parameter_count(problem.layer_sizes) > _MOST_WITNESSED:
            self._witnessed = self._witnessed[:0]
        self.certificates: dict[str, Certificate] = {}
        self.explanations: dict[str, Explanation | None] = {}
        self.detectable: dict[str, dict[str, float]] = {}  # of the first block's samples
        self._first = samples[0] if len(samples) == 1 else block_start(problem, samples[0])
        self.witness: list[WitnessError] = []
        self.noises: dict[str, Noise] = {}

    @property
    def pairs(self) -> list[Pair]:
        """Every two of the names, in order."""
        return self._pairing.pairs

    @property
    def entries(self) -> Entries | None:
        """Where the pairs differ, in the samples with bounds."""
        return self._pairing.entries

    @property
    def earlier(self) -> list[Implementation]:
        """What has to answer too: implementations as they were in a baseline."""
        return self._drifts.then if self._drifts else []

    def change(self, versions: Mapping[str, str]) -> Change | None:
        """What has changed since the baseline, now that these versions are in use."""
        return self._drifts.change(self.certificates, versions) if self._drifts else None

    def examine(self, block: Block, answers: Mapping[str, Answer], *, compiled: bool) -> Found:
        """Finds out all that can be said of one block, and changes nothing.

        Args:
          block: of the samples.
          answers: of everyone.
          compiled: whether jitted JAX does it, which pays off when there are many blocks.
        """
        certificates: dict[str, Certificate] = {}
        explanations: dict[str, Explanation | None] = {}
        detectable: dict[str, dict[str, float]] = {}
        answers = share(answers)
        for names, arithmetic in self._alike(answers):
            answer = answers[names[0]]
            found = self._certify(names, block, answer, arithmetic, compiled=compiled)
            mine = {name: dataclasses.replace(found, implementation=name) for name in names}
            certificates |= mine
            first = [name for name in names if self._is_first_failure(mine[name])]
            if first:
                assert found.first_failure is not None
                row = found.first_failure.sample - block.start
                explanations |= dict.fromkeys(first, self._diagnose(block, answer, arithmetic, row))
            if block.start == self._first and found.failed == 0 and found.certified:
                detectable |= dict.fromkeys(names, self._detectable(block, answer, arithmetic))
        compared = self._pairing.examine(block, answers, compiled=compiled)
        return Found(
            compared.pairs,
            certificates,
            explanations,
            detectable,
            [
                error
                for row in block.rows(self._witnessed)
                for error in self._ask_witness(block, answers, int(row))
            ],
            None
            if self._drifts is None
            else self._drifts.examine(block, answers, compiled=compiled),
            noises_of(answers),
            compared.entries,
        )

    def add(self, found: Found) -> None:
        """Joins what was found of other samples."""
        self._pairing.add(Compared(found.pairs, found.entries))
        if self._drifts is not None:
            assert found.drifted is not None
            self._drifts.add(found.drifted)
        for name, certificate in found.certificates.items():
            if name in found.explanations and self._is_first_failure(certificate):
                self.explanations[name] = found.explanations[name]
            earlier = self.certificates.get(name)
            self.certificates[name] = proof.merge(earlier, certificate) if earlier else certificate
        self.detectable.update(found.detectable)
        for name, one in found.noises.items():
            known = self.noises.get(name)
            self.noises[name] = noise.merge(known, one) if known else one
        self.witness = sorted(
            [*self.witness, *found.witness],
            key=lambda error: (error.sample, self._names.index(error.implementation)),
        )

    @property
    def found(self) -> Found:
        """All that has been added."""
        return Found(
            self.pairs,
            self.certificates,
            self.explanations,
            self.detectable,
            self.witness,
            None if self._drifts is None else self._drifts.found,
            self.noises,
            self.entries,
        )

    def finish(self, answered: Answered) -> None:
        """Adds what can only be chosen at the end."""
        self._pairing.finish(answered)
        if self._drifts is not None:
            self._drifts.finish(answered)

    def _alike(self, answers: Mapping[str, Answer]) -> Iterator[tuple[tuple[str, ...], Arithmetic]]:
        """Puts the names together that have computed the same in the same arithmetic."""
        for names in names_by_answer({name: answers[name] for name in self._names}):
            groups: dict[Arithmetic, tuple[str, ...]] = {}
            for name in names:
                arithmetic = arithmetic_of(self._arithmetics, name, answers[name].dtype)
                groups[arithmetic] = (*groups.get(arithmetic, ()), name)
            yield from ((group, arithmetic) for arithmetic, group in groups.items())

    def _certify(
        self,
        names: Sequence[str],
        block: Block,
        answer: Answer,
        arithmetic: Arithmetic,
        *,
        compiled: bool,
    ) -> Certificate:
        """Certifies what several have answered alike."""
        worst = [
            -1.0 if known is None or known.worst is None else known.worst.ratio
            for known in map(self.certificates.get, names)
        ]
        found = proof.certify(
            names[0],
            self._case(block, answer, arithmetic),
            first_sample=block.start,
            compiled=compiled,
            worst_so_far=min(worst),
        )
        return _in_layout(found, self._layout)

    def _is_first_failure(self, found: Certificate) -> bool:
        """Whether this has a failure before all that are known."""
        known = self.certificates.get(found.implementation)
        if found.first_failure is None:
            return False
        if known is None or known.first_failure is None:
            return True
        return found.first_failure.sample < known.first_failure.sample

    def _case(self, block: Block, answer: Answer, arithmetic: Arithmetic) -> Case:
        return make_case(
            self._problem.network,
            self._problem.params,
            *block.batch,
            answer.grads,
            arithmetic=arithmetic,
            printed=answer.printed,
        )

    def _detectable(self, block: Block, answer: Answer, arithmetic: Arithmetic) -> dict[str, float]:
        """Asks what the certificate would see, on a few samples with finite gradients."""
        case = self._case(block, answer, arithmetic)
        return detectable_ulp(case.take(np.flatnonzero(case.finite())[:MOST_SAMPLES]))

    def _diagnose(
        self, block: Block, answer: Answer, arithmetic: Arithmetic, row: int
    ) -> Explanation | None:
        """Tries to explain a failure; the samples after it have to fit the explanation too."""
        rows = np.unique((row + np.arange(min(_DIAGNOSED, block.size))) % block.size)
        case = self._case(block, answer, arithmetic).take(rows)
        with np.errstate(all="ignore"):  # a gradient that overflows fits nothing
            return diagnose(case, n_samples=self._problem.n_samples)

    def _ask_witness(
        self, block: Block, answers: Mapping[str, Answer], row: int
    ) -> list[WitnessError]:
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
