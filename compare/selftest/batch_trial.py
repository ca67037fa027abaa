"""Mistakes in how samples become a batch, planted in networks and judged as a run judges them."""

import numpy as np

from compare.evidence.batches.check import BatchCheck
from compare.evidence.hypotheses.explanation import WHOLE
from compare.pipeline.batch_checks import check_batches
from compare.pipeline.kinds.base import Run
from compare.problem.answers import Answer, joined
from compare.problem.batches import Reduction
from compare.problem.blocks import Block
from compare.selftest.mistakes.batches import BATCHES, BatchMistake, right
from compare.selftest.plants import Subject
from compare.selftest.score import Score

# where they are planted: each takes a second
BATCHED = (
    *("the usual one", "3 tanh layers", "ridge", "classifier with a penalty"),
    *("no biases", "no bias in the second layer", "tanh in float64"),
)
_SIZE = 7  # samples of a batch; the last has what is left


def try_batches(subject: Subject, score: Score) -> None:
    """Reduces as it should, and with every mistake that there can be."""
    for asked in ("mean", "sum"):
        found = _checked(subject, BatchMistake(asked, {}, right(asked)))
        alarms = bool(found.failed or found.first_doubt)
        score.add_batch(
            f"{subject.label}: {asked} of batches", "false alarm" if alarms else "agreed"
        )
    for name, mistake in BATCHES.items():
        if mistake.needs(subject.forward):
            found = _checked(subject, mistake)
            causes = [(cause.quantities, cause.said) for cause in found.causes]
            line = f"{subject.label}: {name}: {causes or '-'}"
            score.add_batch(line, _outcome(subject, mistake, found))


def _checked(subject: Subject, mistake: BatchMistake) -> BatchCheck:
    problem, reduction = subject.problem, Reduction(mistake.asked, _SIZE)
    block = Block(0, *(problem.batch(0, problem.n_samples),) * 2)
    with np.errstate(all="ignore"):
        made = [
            Answer(mistake.gradients(subject.forward, subject.right, rows))
            for rows in reduction.rows(block)
        ]
    samples = range(problem.n_samples)
    run = Run(problem, ("planted",), samples, layout="in_out", seed=0, reduction=reduction)
    answers = joined(made), Answer(subject.right)
    return check_batches(run, "planted", block, *answers, is_first=True)


def _outcome(subject: Subject, mistake: BatchMistake, found: BatchCheck) -> str:
    """Returns what came out of a mistake, as `Score.add_batch` counts it."""
    if not found.failed:
        return "missed"
    if not mistake.told:
        return "overtold" if found.causes else "unnamed"
    if not found.causes:
        return "none"
    told = {(cause.quantities, cause.said.partition(", as ")[0]) for cause in found.causes}
    expected = {(tuple(_quantities(subject, whose)), said) for whose, said in mistake.told.items()}
    return "right" if told == expected else "wrong"


def _quantities(subject: Subject, whose: str) -> list[str]:
    """Returns dL/dw2, dL/dw1 or dL/db2, dL/db1, without biases that are not there."""
    f = subject.forward
    layers = range(f.depth, 0, -1)
    biases = [f"dL/db{i}" for i in layers if f.has_bias(i)]
    if whose == WHOLE or not biases:
        return [WHOLE]
    return biases if whose == "b" else [f"dL/dw{i}" for i in layers]
