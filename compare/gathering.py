"""All the evidence of a run, gathered block by block."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from compare.blocks import Block, block_of, name_parameters, quantities, take
from compare.evidence import pairs as pair_evidence
from compare.evidence import proof
from compare.evidence.bounds import Allowance
from compare.evidence.detectable import MOST_SAMPLES, detectable_ulp
from compare.evidence.diagnosis import Explanation, Samples, diagnose
from compare.evidence.pairs import Pair, name_all
from compare.evidence.proof import Certificate
from compare.evidence.roundoff import READINGS, roundoff
from compare.evidence.witness import WitnessError, witness_errors
from compare.formulas import formula
from compare.implementations import Implementation
from compare.problem import Problem
from jaxmlp.base import Batch, parameter_count

_MOST_BOUNDED = 10_000  # samples with end-to-end bounds
_MOST_BOUNDED_ENTRIES = 2**24  # gradient entries with end-to-end bounds
_MOST_WITNESSED = 30_000  # parameters: the witness runs the network once for each
_COMPILED_FROM = 20  # blocks; with fewer, compiling the certificate costs more than it saves
_DIAGNOSED = 16  # samples that an explanation has to fit


class Evidence:
    """What has been found so far: pairs, certificates, explanations, witness."""

    def __init__(
        self,
        problem: Problem,
        taking_part: Sequence[Implementation],
        *,
        layout: str,
        seed: int,
        witness: int,
    ) -> None:
        """Chooses, by the seed, which samples get bounds and which a witness."""
        self._problem, self._taking_part, self._layout = problem, taking_part, layout
        rng = np.random.default_rng(seed)
        parameters = parameter_count(problem.layer_sizes)
        most = max(1, min(_MOST_BOUNDED, _MOST_BOUNDED_ENTRIES // parameters))
        self._bounded = _choose(rng, problem.n_samples, most)
        self._witnessed = _choose(rng, problem.n_samples, witness)
        if parameters > _MOST_WITNESSED:
            self._witnessed = self._witnessed[:0]
        self.pairs: list[Pair] = []
        self.certificates: dict[str, Certificate] = {}
        self.explanations: dict[str, Explanation | None] = {}
        self.detectable: dict[str, dict[str, float]] = {}  # of the first block's samples
        self.witness: list[WitnessError] = []

    def add(self, block: Block, *, n_blocks: int) -> None:
        """Takes a block in; blocks come in order."""
        named = {k: quantities(e, self._layout) for k, e in block.evaluations.items()}
        compared = [
            pair_evidence.compare_pair(a, b, named[a], named[b], first_sample=block.start)
            for a, b in itertools.combinations(named, 2)
        ]
        rows = block.rows(self._bounded)
        if len(rows):
            compared = self._with_bounds(compared, block, rows)
        joined = zip(self.pairs, compared, strict=True) if self.pairs else ()
        self.pairs = [pair_evidence.merge(p, q) for p, q in joined] or compared
        for name in block.evaluations:
            self._certify(name, block, compiled=n_blocks >= _COMPILED_FROM)
        for row in block.rows(self._witnessed):
            self.witness += self._ask_witness(block, int(row))

    def finish(self) -> None:
        """Adds bounds for the worst samples of every pair that have none yet."""
        bounded = set(self._bounded.tolist())
        worst = sorted(set(_worst_samples(self.pairs)) - bounded)
        size_of = {sample: block_of(self._problem, (), sample).start for sample in worst}
        for start in sorted(set(size_of.values())):
            block = block_of(self._problem, self._taking_part, start)
            rows = block.rows([sample for sample in worst if size_of[sample] == start])
            self.pairs = self._with_bounds(self.pairs, block, rows)

    def _with_bounds(self, pairs: Sequence[Pair], block: Block, rows: np.ndarray) -> list[Pair]:
        batch = Batch(block.batch.x[rows], block.batch.y[rows])
        chosen = {k: take(e, rows) for k, e in block.evaluations.items()}
        allowances = {k: self._allowance(k, e.loss.dtype, batch) for k, e in chosen.items()}
        named = {k: quantities(e, self._layout) for k, e in chosen.items()}
        return [
            pair_evidence.with_bounds(
                pair,
                named[pair.a],
                named[pair.b],
                allowances[pair.a],
                allowances[pair.b],
                samples=rows + block.start,
            )
            for pair in pairs
        ]

    def _allowance(self, name: str, dtype: np.dtype, batch: Batch) -> Allowance:
        evaluated = formula(name, self._problem.activation)
        found = {}
        for reading in READINGS:
            _, errors = roundoff(evaluated, dtype, reading=reading)(self._problem.params, batch)
            found[reading] = name_all(quantities(errors, self._layout))
        return Allowance(**found)

    def _certify(self, name: str, block: Block, *, compiled: bool) -> None:
        evaluation, earlier = block.evaluations[name], self.certificates.get(name)
        found = proof.certify(
            name,
            self._problem.params,
            *block.batch,
            evaluation.grads,
            activation=self._problem.activation,
            first_sample=block.start,
            compiled=compiled,
            worst_so_far=-1.0 if earlier is None or earlier.worst is None else earlier.worst.ratio,
        )
        failure = found.first_failure
        if failure is not None and name not in self.explanations:
            self.explanations[name] = self._diagnose(name, block, failure.sample - block.start)
        if earlier is None and found.failed == 0 and found.certified:
            self.detectable[name] = self._detectable(block, name)
        self.certificates[name] = proof.merge(earlier, found) if earlier else found

    def _detectable(self, block: Block, name: str) -> dict[str, float]:
        """Asks what the certificate would see, on a few samples with finite gradients."""
        grads = block.evaluations[name].grads
        finite = np.all(
            [np.isfinite(g.reshape(len(g), -1)).all(axis=1) for layer in grads for g in layer],
            axis=0,
        )
        rows = np.flatnonzero(finite)[:MOST_SAMPLES]
        return detectable_ulp(
            [(_wide(w), _wide(b)) for w, b in self._problem.params],
            _wide(block.batch.x[rows]),
            _wide(block.batch.y[rows]),
            [(_wide(w[rows]), _wide(b[rows])) for w, b in grads],
            activation=self._problem.activation,
            dtype=grads[0].b.dtype,
        )

    def _diagnose(self, name: str, block: Block, row: int) -> Explanation | None:
        """Tries to explain a failure; the samples after it have to fit the explanation too."""
        n = len(block.batch.x)
        rows = np.unique((row + np.arange(min(_DIAGNOSED, n))) % n)
        grads = block.evaluations[name].grads
        samples = Samples(
            params=[(_wide(w), _wide(b)) for w, b in self._problem.params],
            x=_wide(block.batch.x[rows]),
            y=_wide(block.batch.y[rows]),
            grads=[(_wide(w[rows]), _wide(b[rows])) for w, b in grads],
            activation=self._problem.activation,
            dtype=grads[0].b.dtype,
            n_samples=self._problem.n_samples,
        )
        with np.errstate(all="ignore"):  # a gradient that overflows fits nothing
            return diagnose(samples)

    def _ask_witness(self, block: Block, row: int) -> list[WitnessError]:
        named = {k: name_parameters(e.grads, self._layout) for k, e in block.evaluations.items()}
        return witness_errors(
            self._problem.params,
            block.batch.x[row],
            block.batch.y[row],
            {k: {p: array[row] for p, array in arrays.items()} for k, arrays in named.items()},
            activation=self._problem.activation,
            layout=self._layout,
            sample=block.start + row,
        )


def _choose(rng: np.random.Generator, n: int, most: int) -> np.ndarray:
    """Draws at most so many of n samples, in order."""
    if n <= most:
        return np.arange(n)
    return np.sort(rng.choice(n, most, replace=False))


def _worst_samples(pairs: Sequence[Pair]) -> Iterator[int]:
    for pair in pairs:
        for comparison in pair.parameters:
            for worst in (comparison.max_abs, comparison.max_rel):
                if worst is not None:
                    yield worst.sample


def _wide(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, np.float64)
