"""Two implementations, judged by our verdict and by the rules of other tools."""

import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from compare.evidence.differences.allclose import RULES
from compare.evidence.differences.pairs import Pair
from compare.evidence.hypotheses.explanation import Cause
from compare.implementations.base import Computation
from compare.implementations.table import IMPLEMENTATIONS
from compare.pipeline.collect import Collection
from compare.pipeline.kinds.base import Run
from compare.pipeline.kinds.certificates import Certificates
from compare.pipeline.kinds.pairs import Pairs
from compare.problem.answers import Answer
from compare.problem.blocks import Block
from compare.problem.problem import Problem
from compare.selftest.mistakes.claim import Claim
from compare.verdict.decide import Verdict, decide

OURS = "our verdict"
# people who look at two files: what they look at -> the rule in `digits`
_PRINTED = MappingProxyType(
    {
        "5 significant digits, printed": "significant_5_text",
        "7 decimals, printed": "decimals_7_text",
    }
)
JUDGES = (OURS, *RULES, *_PRINTED)


class Trial(NamedTuple):
    """What every judge says of two implementations."""

    alarms: dict[str, bool]  # by judge: whether something is said to be wrong
    verdict: Verdict
    causes: tuple[Cause, ...]  # of the failure, all that were told


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
    ends = problem.network.output, problem.network.loss
    explanations = {k: v.explanation for k, v in certified.items()}
    verdict = decide([pair], certificates, explanations, ends=ends)
    alarms = {OURS: verdict.verdict == "disagree", **_alarms_of_others(pair)}
    failed = (one for one in certified.values() if one.certificate.failed)
    explanation = next((one.explanation for one in failed), None)
    return Trial(alarms, verdict, explanation.causes if explanation else ())


def _alarms_of_others(pair: Pair) -> dict[str, bool]:
    agrees = {agreement.rule: agreement.agrees for agreement in pair.digits}
    by_rule = {name: count > 0 for name, count in pair.peers.breaking.items()}
    return by_rule | {name: not agrees[rule] for name, rule in _PRINTED.items()}


def outcome(claims: Sequence[Claim], causes: Sequence[Cause]) -> str:
    """Returns how well the causes that are told meet the claims of what was planted.

    Returns:
      'right' if every claim is met, by causes of all its quantities and of no others; 'part' if all
      causes are true, and something is left out; 'none' if there is no cause; 'wrong' if a cause
      meets no claim.
    """
    claims = _joined(claims)
    told = [[one.met_by(*cause) for cause in causes] for one in claims]
    if any(not any(of_one[i] for of_one in told) for i in range(len(causes))):
        return "wrong"
    if not causes:
        return "none"
    named = (frozenset().union(*of_one) for of_one in told)
    whole = (names in one.quantities for one, names in zip(claims, named, strict=True))
    return "right" if all(whole) else "part"


def _joined(claims: Sequence[Claim]) -> list[Claim]:
    """Takes claims in the same words as one of all their quantities: so are they told."""
    joined: dict[tuple[str, ...], Claim] = {}
    for claim in claims:
        other = joined.get(claim.words)
        pairs = itertools.product(claim.quantities, other.quantities if other else [frozenset()])
        joined[claim.words] = claim._replace(quantities=tuple(one | two for one, two in pairs))
    return list(joined.values())
