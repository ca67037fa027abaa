"""Why a program is wrong: the reason of its first check that fails, if it is found in time."""

import time
from collections.abc import Iterator

from compare.evidence.reasons.search import reason_of
from compare.pipeline.run_evidence import RunEvidence
from compare.verdict.finding import Finding
from compare.verdict.function_evidence import LOW

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
    for evidence in _kinds(found):
        first = next((one for one in evidence.checks if one.key == decided.first.key), None)
        if first is None or first.holds:
            continue
        reason = reason_of(
            evidence.specification,
            evidence.recording,
            first,
            is_late=lambda: time.thread_time() > end,
        )
        if reason is not None:
            return reason.sentence
        if evidence is found.exact and evidence.narrowest in ("float64", ""):
            return None  # float32 would show less
    return None


def _kinds(found: RunEvidence) -> Iterator[RunEvidence]:
    """Yields the evidence that is precise enough to tell reasons apart."""
    if isinstance(found.exact, RunEvidence):
        yield found.exact
    specified = found.specification
    if found.dtype not in LOW and specified.rounded_to == specified.problem.dtype:
        yield found
