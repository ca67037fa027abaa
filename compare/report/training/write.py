"""A comparison of training runs as strict JSON, which `json/steps_schema.json` describes."""

import json
from typing import Any

from compare.evidence.local.check import Check
from compare.report.json.numbers import number, number_or_null
from compare.report.json.schema import STEPS
from compare.steps.results import StepResult, StepsReport, TrainingStanding


def report_to_json(report: StepsReport) -> str:
    """Returns the report as a JSON document, without NaN or Infinity literals."""
    return json.dumps(report_to_dict(report), indent=1, allow_nan=False) + "\n"


def report_to_dict(report: StepsReport) -> dict[str, Any]:
    """Returns the report as JSON's types."""
    return {
        "schema_version": STEPS.version,
        "verdict": report.verdict,
        "kind": "steps",
        "headline": report.headline,
        "reason": report.reason,
        "remarks": list(report.remarks),
        "warnings": list(report.warnings),
        "config": report.config,
        "environment": report.environment,
        "reference": {"framework": report.framework, "device": report.device},
        "candidates": [_standing(one) for one in report.candidates],
    }


def _standing(one: TrainingStanding) -> dict[str, Any]:
    return {
        "name": one.name,
        "framework": one.framework,
        "device": one.device,
        "verdict": one.verdict,
        "basis": one.basis,
        "sentence": one.sentence,
        "first": None if one.first is None else one.first.number,
        "reason": one.reason,
        "silent_from": one.silent_from,
        "remarks": list(one.remarks),
        "warnings": list(one.warnings),
        "steps": [_step(step) for step in one.steps],
    }


def _step(one: StepResult) -> dict[str, Any]:
    return {
        "number": one.number,
        "verdict": one.verdict,
        "basis": one.basis,
        "sentence": one.sentence,
        "first": None if one.first is None else _check(one.first),
        "gradients": number_or_null(one.gradients),
        "update": number_or_null(one.update),
        "loss": number(one.loss),
        "reference_loss": number(one.reference_loss),
        "apart": number_or_null(one.apart),
        "rounding": number_or_null(one.rounding),
        "change": number_or_null(one.change),
    }


def _check(one: Check) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "index": list(one.index),
        "found": number(one.found),
        "expected": number(one.expected),
        "used": number_or_null(one.used),
        "beyond": one.beyond,
        "entries": one.entries,
    }
