"""Why a program is wrong: the reason of its first check that fails, if it is found in time."""

import time
from collections.abc import Iterator

from compare.evidence.reasons.search import reason_of
from compare.pipeline.run_evidence import RunEvidence
from compare.problem.recording import Key
from compare.verdict.finding import Finding

_SECONDS = 2.0  # of computing, for a program


def reason_for(found: RunEvidence, decided: Finding) -> str | None:
    """Returns what is different in a program, in a sentence.

    In float64 reasons are told apart that float32 cannot, so that is asked first, and alone where
    it shows the same failure and all is seen to be float64.

    Args:
      found: the evidence on a run of it.
      decided: what that has come to.

    Returns:
      None if it is not wrong, or nothing that is tried explains it.
    """
    if decided.verdict != "disagree" or decided.first is None:
        return None
    end = time.thread_time() + _SECONDS
    for evidence in _kinds(found, decided.first.key):
        reason = reason_of(
            evidence.specification,
            evidence.recording,
            decided.first.key,
            is_late=lambda: time.thread_time() > end,
        )
        if reason is not None:
            return reason.sentence
    return None


def _kinds(found: RunEvidence, key: Key) -> Iterator[RunEvidence]:
    """Yields the evidence in which a failure may be explained."""
    exact = found.exact
    if isinstance(exact, RunEvidence):
        yield exact
        fails = any(one.key == key and not one.holds for one in exact.checks)
        if fails and exact.narrowest in ("float64", ""):
            return
    yield found
