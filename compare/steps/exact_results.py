"""All results beside those of the reference, end to end: asked where bounds say nothing."""

import numpy as np

from compare.evidence.local.entries import FLOOR
from compare.evidence.rounding.arithmetic import number_range
from compare.pipeline.functions import Examiner
from compare.pipeline.run_evidence import RunEvidence
from compare.problem.recording import Key, Recording
from compare.verdict.finding import Finding
from compare.verdict.function_evidence import is_zero

_EXACT = np.dtype(np.float64)
_VISIBLE = 2.0**-24  # of the largest entry: a rounding to float32
_FREEDOM = 16  # times as far from exact as the reference, which rounding may make


def with_results(finding: Finding, evidence: RunEvidence, examiner: Examiner) -> Finding:
    """Decides on gradients of which all checks hold, and some say nothing, by all results.

    Args:
      finding: what the checks have come to.
      evidence: that it rests on.
      examiner: knows the reference at the same arguments.
    """
    is_silent = finding.verdict == "undecided" and finding.first is None
    if not is_silent or not all(one.holds for one in evidence.checks):
        return finding
    if not _are_same(evidence, examiner):
        return finding
    said = f"{finding.sentence}; but in float64 all its results are those of the reference"
    sentence = "in float64 all results are the same, and here they are as far off as rounding makes"
    return finding._replace(
        verdict="agree",
        basis="float64",
        sentence=sentence,
        remarks=(*(one for one in finding.remarks if "float64" not in one), said),
    )


def _are_same(evidence: RunEvidence, examiner: Examiner) -> bool:
    """Whether all results are the same in float64, and about as exact here as the reference's."""
    exact = evidence.exact
    if not isinstance(exact, RunEvidence):
        return False
    zeros = {one.key for one in evidence.checks if is_zero(evidence, one)}
    truth = examiner.own(_EXACT).recording
    own = examiner.own(examiner.inside).recording
    u = number_range(examiner.problem.dtype).u

    def is_same(key: Key) -> bool:
        largest = _largest(truth.results[key])
        if not _off(exact.recording, truth, key) <= _VISIBLE * largest:
            return False
        room = max(FLOOR * u * largest, _FREEDOM * _off(own, truth, key))
        return _off(evidence.recording, truth, key) <= room

    shared = truth.results.keys() & exact.recording.results.keys()  # the counts of a norm are not
    return all(key in zeros or is_same(key) for key in shared)


def _off(found: Recording, truth: Recording, key: Key) -> float:
    return _largest(np.asarray(found.results[key], _EXACT) - truth.results[key])


def _largest(array: np.ndarray) -> float:
    return float(np.abs(array).max(initial=0))
