"""A comparison of functions as strict JSON, which `json/function_schema.json` describes."""

import dataclasses
import json
from typing import Any

from compare.evidence.local.check import Check
from compare.function_results import (
    FunctionChange,
    FunctionDrift,
    FunctionReport,
    MovedArray,
    Standing,
    Weights,
)
from compare.problem.cuts import is_cotangent, place_name
from compare.report.json import write as networks
from compare.report.json.change import then_and_now
from compare.report.json.numbers import number, number_or_null
from compare.report.json.schema import FUNCTIONS
from compare.results import Report

_AS_THEY_ARE = (
    *("kind", "name", "beyond", "vacuous", "untested", "overflown", "undefined", "nans", "is_zero"),
    *("entries", "holds", "is_typical"),
)
_LARGEST = ("used", "unlikely", "worst", "typical", "floor", "largest", "difference")  # of sizes


def report_to_json(report: FunctionReport) -> str:
    """Returns the report as a JSON document, without NaN or Infinity literals."""
    return json.dumps(report_to_dict(report), indent=1, allow_nan=False) + "\n"


def report_to_dict(report: FunctionReport) -> dict[str, Any]:
    """Returns the report as JSON's types."""
    return {
        "schema_version": FUNCTIONS.version,
        "verdict": report.verdict,
        "kind": "functions",
        "headline": report.headline,
        "reason": report.reason,
        "remarks": list(report.remarks),
        "warnings": list(report.warnings),
        "config": report.config,
        "environment": report.environment,
        "reference": _standing(report.reference),
        "candidates": [_standing(one) for one in report.candidates],
        "change": None if report.change is None else _change(report.change),
        "reproduce": report.reproduce,
        "network": None if report.network is None else _network(report.network),
    }


def _network(report: Report) -> dict[str, Any]:
    """Returns that of `compare_gradients` on it, without what only figures need."""
    return networks.report_to_dict(dataclasses.replace(report, entries=None))


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "name": one.name,
        "framework": one.framework,
        "device": one.device,
        "verdict": one.verdict,
        "basis": one.basis,
        "sentence": one.sentence,
        "reason": one.reason,
        "first": _first(one),
        "places": one.places,
        "recorded": one.recorded,
        "remarks": list(one.remarks),
        "warnings": list(one.warnings),
        "checks": [_check(check) for check in one.checks],
        "ends": [_check(check) for check in one.ends],
        "exact": [_check(check) for check in one.exact],
        "weights": None if one.weights is None else _weights(one.weights),
    }


def _weights(weights: Weights) -> dict[str, Any]:
    return {
        "pairs": [
            {"name": one.name, "sources": list(one.sources), "layout": one.layout}
            for one in weights.pairs
        ],
        "kept": list(weights.kept),
        "unused": list(weights.unused),
        "wrong": list(weights.wrong),
    }


def _first(one: Standing) -> dict[str, Any] | None:
    """Says where the first check that fails is; one of results without recording is in no list."""
    if one.first is None:
        return None
    for name in ("checks", "exact", "ends"):
        for i, check in enumerate(getattr(one, name)):
            if check is one.first:
                return {"in": name, "number": i, "check": _check(check)}
    return {"in": "plain", "number": 0, "check": _check(one.first)}


def _check(one: Check) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in _AS_THEY_ARE},
        "sources": [
            {"name": place_name(source), "backward": is_cotangent(source)} for source in one.sources
        ],
        "shape": list(one.shape),
        "index": list(one.index),
        "found": number(one.found),
        "expected": number(one.expected),
        **{name: number_or_null(getattr(one, name)) for name in _LARGEST},
        "max_rel": number_or_null(one.apart.max_rel),
        "ulp": number_or_null(one.apart.ulp),
    }


def _change(change: FunctionChange) -> dict[str, Any]:
    return {
        "baseline": change.path,
        "versions": then_and_now(change.versions),
        "settings": then_and_now(change.settings),
        "drifts": [_drift(one) for one in change.drifts],
        "only_then": list(change.only_then),
        "only_now": list(change.only_now),
    }


def _drift(one: FunctionDrift) -> dict[str, Any]:
    return {
        "name": one.name,
        "compared": one.compared,
        "moved": [_moved(each) for each in one.moved],
        "only_then": list(one.only_then),
        "only_now": list(one.only_now),
        "then": one.then,
        "now": one.now,
    }


def _moved(one: MovedArray) -> dict[str, Any]:
    return {**one._asdict(), "ulp": number_or_null(one.ulp)}
