"""The report as strict JSON; `schema.json` beside this file describes it."""

import json
import math
from collections.abc import Mapping
from typing import Any

from compare.evidence.certificate.certificate import Finding
from compare.evidence.differences.bounds import BoundRatio
from compare.evidence.differences.digits import Agreement
from compare.evidence.differences.entries import Entries, EntryMap
from compare.evidence.differences.metrics import Comparison, Worst
from compare.evidence.differences.pairs import Pair
from compare.evidence.differences.ulp import BINS
from compare.results import Change, Engine, Implementation, Located, Report, Values, worst_of

SCHEMA_VERSION = 5


def report_to_json(report: Report) -> str:
    """Returns the report as a JSON document, without NaN or Infinity literals."""
    return json.dumps(report_to_dict(report), indent=1, allow_nan=False) + "\n"


def report_to_dict(report: Report) -> dict[str, Any]:
    """Returns the report as JSON's types."""
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": report.verdict,
        "reason": report.reason,
        "warnings": list(report.warnings),
        "rule": report.rule,
        "config": report.config,
        "environment": report.environment,
        "implementations": [_implementation(one) for one in report.implementations],
        "engines": [_engine(engine) for engine in report.engines],
        "noise": {name: noise._asdict() for name, noise in report.noises.items()},
        "pairs": [_pair(pair) for pair in report.pairs],
        "overall": {
            **_located("max_abs", worst_of(report.pairs, "max_abs")),
            **_located("max_rel", worst_of(report.pairs, "max_rel")),
        },
        "loss": [_of_pair(p, p.loss) for p in report.pairs if p.loss is not None],
        "prediction": [_of_pair(p, p.prediction) for p in report.pairs if p.prediction is not None],
        "witness": [error._asdict() for error in report.witness],
        "values": [_values(values) for values in report.values],
        "change": report.change and _change(report.change),
        "reproduce": report.reproduce,
        "command": report.command,
        "entries": report.entries and _entries(report.entries),
    }


def _implementation(one: Implementation) -> dict[str, Any]:
    certificate = one.certificate
    failure = _finding(certificate.first_failure)
    if failure is not None:
        known = one.explanation
        failure["explanation"] = (
            f"{known.quantity} of {one.name} {known.mistake}" if known and known.mistake else None
        )
    return {
        "name": one.name,
        "dtype": one.dtype,
        "device": one.device,
        "source": one.source,
        "certificate": {
            "worst_ratio": _number_or_null(certificate.worst_ratio),
            "worst": _finding(certificate.worst),
            "certified": certificate.certified,
            "failed": certificate.failed,
            "silent": certificate.silent,
            "at_kink": certificate.at_kink,
            "first_failure": failure,
            "rules": [
                {**found._asdict(), "ratio": _number_or_null(found.ratio)}
                for found in certificate.rules
            ],
            "detectable_ulp": one.detectable_ulp
            and {name: _number_or_null(ulp) for name, ulp in one.detectable_ulp.items()},
        },
    }


def _engine(engine: Engine) -> dict[str, Any]:
    probed = engine.probed
    return {
        "framework": engine.framework,
        "device": engine.device,
        "implementations": list(engine.implementations),
        "dtype": probed.dtype.name,
        "operand_bits": probed.operand_bits,
        "sum_bits": probed.sum_bits,
        "keeps_subnormal_inputs": probed.keeps_subnormal_inputs,
        "keeps_subnormal_results": probed.keeps_subnormal_results,
        "products": [{**one._asdict(), "shape": list(one.shape)} for one in probed.products],
        "peak_bytes": engine.peak_bytes,
    }


def _of_pair(pair: Pair, comparison: Comparison) -> dict[str, Any]:
    return {"a": pair.a, "b": pair.b, **_bounded(pair, comparison)}


def _values(values: Values) -> dict[str, Any]:
    return {
        "sample": values.sample,
        "quantity": values.quantity,
        "index": list(values.index),
        "values": {
            name: {"value": _number(value), "hex": value.hex()}
            for name, value in values.values.items()
        },
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "baseline": change.path,
        "versions": {
            package: {"then": then, "now": now} for package, (then, now) in change.versions.items()
        },
        "drifts": [
            {
                "implementation": drift.implementation,
                "moved": drift.moved,
                "certified_then": drift.certified_then,
                "certified_now": drift.certified_now,
                "parameters": [_bounded(drift.pair, one) for one in drift.pair.parameters],
            }
            for drift in change.drifts
        ],
        "only_then": list(change.only_then),
        "only_now": list(change.only_now),
    }


def _finding(finding: Finding | None) -> dict[str, Any] | None:
    if finding is None:
        return None
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


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "a": pair.a,
        "b": pair.b,
        "dtype": pair.dtype,
        "parameters": [_bounded(pair, comparison) for comparison in pair.parameters],
        "peers": {
            "breaking": pair.peers.breaking,
            "smallest_rtol": _number_or_null(pair.peers.smallest_rtol),
            "smallest_atol": _number_or_null(pair.peers.smallest_atol),
        },
        "digits": {agreement.rule: _agreement(agreement) for agreement in pair.digits},
        "ulp_histogram": [
            {"from": first, "samples": samples}
            for first, samples in zip(BINS, pair.ulp_histogram, strict=True)
            if samples
        ],
        "largest_ulp_by_sample": list(pair.by_sample),
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "name": comparison.name,
        "shape": list(comparison.shape),
        "entries": comparison.entries,
        **_worst("max_abs", comparison.max_abs),
        **_worst("max_rel", comparison.max_rel),
        "scaled": comparison.scaled,
        **_worst("max_ulp", comparison.max_ulp),
        "negligible": comparison.negligible,
        "nonfinite_same": comparison.nonfinite_same,
        "nonfinite_differ": comparison.nonfinite_differ,
        "first_nonfinite_at": _place(comparison.first_nonfinite),
    }


def _bounded(pair: Pair, comparison: Comparison) -> dict[str, Any]:
    bound = next(bound for bound in pair.bounds if bound.name == comparison.name)
    return {**_comparison(comparison), **_bound(bound)}


def _bound(bound: BoundRatio) -> dict[str, Any]:
    return {
        "bound_ratio": _number_or_null(bound.worst_ratio),
        "bound_ratio_at": {"sample": bound.sample, "index": list(bound.index)},
        "typical_ratio": _number_or_null(bound.typical_ratio),
        "vacuous_share": bound.vacuous / bound.entries,
        "bounded_entries": bound.entries,
    }


def _entries(entries: Entries) -> dict[str, Any]:
    return {
        "samples": entries.samples,
        "maps": [_map(one) for one in entries.maps],
        "sizes": [
            {
                "exponent": one.exponent,
                "entries": one.entries,
                "largest_error": one.error,
                "smallest_allowed": _number_or_null(one.least),
                "largest_allowed": _number_or_null(one.most),
            }
            for one in entries.sizes
        ],
    }


def _map(one: EntryMap) -> dict[str, Any]:
    return {
        "name": one.name,
        "shape": list(one.shape),
        "cells": list(one.cells),
        "ulp": [_short(value) for value in one.ulp],
        "bound_ratio": [_short(value) for value in one.ratio],
    }


def _short(value: float) -> float | int | None:
    """Three digits are more than a colour shows; null for what is beyond any number."""
    return float(f"{value:.3g}") if math.isfinite(value) else None


def _number_or_null(value: float | None) -> float | None:
    """A finite number as it is; null for "none" and for "beyond any number"."""
    return value if value is not None and math.isfinite(value) else None


def _worst(metric: str, worst: Worst | None) -> dict[str, Any]:
    return {metric: worst.value if worst else None, f"{metric}_at": _place(worst)}


def _located(metric: str, located: Located | None) -> dict[str, Any]:
    if located is None:
        return {metric: None, f"{metric}_at": None}
    place: Mapping[str, Any] = {"pair": list(located.pair), "parameter": located.quantity}
    return {
        metric: located.worst.value,
        f"{metric}_at": {**place, **(_place(located.worst) or {})},
    }


def _place(worst: Worst | None) -> dict[str, Any] | None:
    if worst is None:
        return None
    return {
        "sample": worst.sample,
        "index": list(worst.index),
        "a": _number(worst.a),
        "b": _number(worst.b),
    }


def _number(value: float) -> float | str:
    """A finite number as it is, another as the string 'nan', 'inf' or '-inf'."""
    return value if abs(value) < float("inf") else str(value)


def _agreement(agreement: Agreement) -> dict[str, Any]:
    return {
        "agrees": agreement.agrees,
        "entries": agreement.entries_agreeing / agreement.entries,
        "samples": agreement.samples_agreeing / agreement.samples,
    }
