"""Who took part, with what its certificate found."""

from typing import Any

from compare.evidence.certificate.finding import Finding
from compare.evidence.hypotheses.explanation import Step
from compare.report.json.numbers import number_or_null
from compare.report.json.readings import choice_to_dict
from compare.results import Participant
from compare.verdict.accusations import explained


def implementation_to_dict(one: Participant) -> dict[str, Any]:
    """Returns a name, where it was computed and in what, and its certificate."""
    certificate = one.certificate
    return {
        "name": one.name,
        "dtype": one.dtype,
        "device": one.device,
        "source": one.source,
        "read": None if one.read is None else choice_to_dict(one.read),
        "certificate": {
            "worst_ratio": number_or_null(certificate.worst_ratio),
            "worst": _finding(certificate.worst),
            "certified": certificate.certified,
            "near": certificate.near,
            "failed": certificate.failed,
            "silent": certificate.silent,
            "not_finite": certificate.not_finite,
            "at_kink": certificate.at_kink,
            "kink_slope": certificate.kink_slope,
            "printed": certificate.printed and certificate.printed._asdict(),
            "first_failure": _first_failure(one),
            "rules": [
                {**found._asdict(), "ratio": number_or_null(found.ratio)}
                for found in certificate.rules
            ],
            "detectable_ulp": one.detectable_ulp
            and {name: number_or_null(ulp) for name, ulp in one.detectable_ulp.items()},
        },
    }


def _first_failure(one: Participant) -> dict[str, Any] | None:
    first, known = one.certificate.first_failure, one.explanation
    if first is None:
        return None
    said = None
    if known is not None and (known.causes or known.are_many):
        said = explained(one.certificate, first, known)
    steps = () if known is None else known.steps
    return {**_entry_checked(first), "explanation": said, "steps": [_step(step) for step in steps]}


def _step(step: Step) -> dict[str, Any]:
    figures = step.figures
    return {
        "quantity": figures.quantity,
        "layer": figures.layer,
        "index": list(figures.place),
        "found": number_or_null(figures.found),
        "expected": number_or_null(figures.expected),
        "holds": step.holds,
    }


def _finding(finding: Finding | None) -> dict[str, Any] | None:
    return None if finding is None else _entry_checked(finding)


def _entry_checked(finding: Finding) -> dict[str, Any]:
    return {
        "sample": finding.sample,
        "layer": int(finding.parameter[1:]),
        "parameter": finding.parameter,
        "rule": finding.rule,
        "index": list(finding.index),
        "found": finding.found,
        "expected": finding.expected,
        "allowed": finding.allowed,
    }
