"""Two implementations, judged by our verdict and by the rules of other tools."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from compare.evidence.differences.allclose import RULES
from compare.evidence.differences.pairs import Pair
from compare.implementations.base import Computation
from compare.implementations.table import IMPLEMENTATIONS
from compare.pipeline.collect import Collection
from compare.pipeline.kinds.base import Run
from compare.pipeline.kinds.certificates import Certificates
from compare.pipeline.kinds.pairs import Pairs
from compare.problem.answers import Answer, answer_of
from compare.problem.blocks import Block
from compare.problem.problem import Problem
from compare.selftest.backward import Forward
from compare.selftest.mistakes import Mistake
from compare.verdict.decide import Verdict, decide
from jaxmlp.base import Grads

OURS = "our verdict"
# people who look at two files: what they look at -> the rule in `digits`
_PRINTED = MappingProxyType(
    {
        "5 significant digits, printed": "significant_5_text",
        "7 decimals, printed": "decimals_7_text",
    }
)
JUDGES = (OURS, *RULES, *_PRINTED)
_GROSS = 1e-3  # the least gross change, relative to the largest entry of a parameter in a sample


class Trial(NamedTuple):
    """What every judge says of two implementations."""

    alarms: dict[str, bool]  # by judge: whether something is said to be wrong
    verdict: Verdict
    explanation: str | None


def judge(problem: Problem, answers: Mapping[str, Answer]) -> Trial:
    """Gives the answers of two implementations to every judge."""
    known = {name: Computation(entry.formula) for name, entry in IMPLEMENTATIONS.items()}
    run = Run(
        problem,
        tuple(answers),
        range(problem.n_samples),
        layout="in_out",
        seed=0,
        computations=known,
    )
    evidence = Collection(run)
    batch = problem.batch(0, problem.n_samples)
    evidence.add(evidence.examine(Block(0, batch, batch), answers, compiled=False))
    (pair,) = evidence.of(Pairs).pairs
    certified = evidence.of(Certificates)
    certificates = [one.certificate for one in certified.values()]
    verdict = decide([pair], certificates, {k: v.explanation for k, v in certified.items()})
    alarms = {OURS: verdict.verdict == "disagree", **_alarms_of_others(pair)}
    failed = (one for one in certified.values() if one.certificate.failed)
    explanation = next((one.explanation for one in failed), None)
    said = "; ".join(cause.said for cause in explanation.causes) if explanation else ""
    return Trial(alarms, verdict, said or None)


def _alarms_of_others(pair: Pair) -> dict[str, bool]:
    agrees = {agreement.rule: agreement.agrees for agreement in pair.digits}
    by_rule = {name: count > 0 for name, count in pair.peers.breaking.items()}
    return by_rule | {name: not agrees[rule] for name, rule in _PRINTED.items()}


def rightly_explained(mistake: Mistake, explanation: str | None) -> bool:
    """Returns whether an explanation has the words that a mistake asks for."""
    return explanation is not None and any(words in explanation for words in mistake.named)


def kind_of(wrong: Grads, right: Grads) -> str | None:
    """Returns 'gross' or 'subtle' by the largest change of an entry, None if no bit is changed."""
    largest = 0.0
    for wrong_layer, right_layer in zip(wrong, right, strict=True):
        for a, b in zip(wrong_layer, right_layer, strict=True):
            a64, b64 = (v.reshape(len(v), -1).astype(np.float64) for v in (a, b))
            scale = np.maximum(np.abs(a64), np.abs(b64)).max(axis=1)
            change = np.abs(a64 - b64).max(axis=1)
            largest = max(largest, np.max(change / np.where(scale > 0, scale, 1)))
    if not largest:
        return None
    return "gross" if largest > _GROSS else "subtle"


def planted_answer(f: Forward, grads: Grads) -> Answer:
    """Returns the answer of an implementation that has this forward pass and these gradients."""
    return answer_of(f.evaluation(grads), len(f.batch.x))
