"""The report as strict JSON; `schema.json` beside this file describes it."""

import json
from typing import Any

from compare.report.json.batches import batches_to_dict
from compare.report.json.change import change_to_dict
from compare.report.json.differences import overall_to_dict
from compare.report.json.engines import engine_to_dict
from compare.report.json.entries import entries_to_dict
from compare.report.json.implementations import implementation_to_dict
from compare.report.json.numbers import number, number_or_null
from compare.report.json.pairs import pair_to_dict, quantity_to_dict
from compare.report.json.readings import choice_to_dict
from compare.report.json.schema import NETWORKS
from compare.results import Report, Usage, Values


def report_to_json(report: Report) -> str:
    """Returns the report as a JSON document, without NaN or Infinity literals."""
    return json.dumps(report_to_dict(report), indent=1, allow_nan=False) + "\n"


def report_to_dict(report: Report) -> dict[str, Any]:
    """Returns the report as JSON's types."""
    return {
        "schema_version": NETWORKS.version,
        "verdict": report.verdict,
        "headline": report.headline,
        "reason": report.reason,
        "remarks": list(report.remarks),
        "warnings": list(report.warnings),
        "rule": report.rule,
        "config": report.config,
        "weights": None if report.weights is None else choice_to_dict(report.weights),
        "environment": report.environment,
        "implementations": [implementation_to_dict(one) for one in report.implementations],
        "engines": [engine_to_dict(engine) for engine in report.engines],
        "noise": {name: noise._asdict() for name, noise in report.noises.items()},
        "pairs": [pair_to_dict(pair) for pair in report.pairs],
        "overall": overall_to_dict(report.pairs),
        "usage": report.usage and _usage(report.usage),
        "loss": [quantity_to_dict(p, p.loss) for p in report.pairs if p.loss is not None],
        "prediction": [
            quantity_to_dict(p, p.prediction) for p in report.pairs if p.prediction is not None
        ],
        "witness": [error._asdict() for error in report.witness],
        "values": [_values(values) for values in report.values],
        "change": report.change and change_to_dict(report.change),
        "reproduce": report.reproduce,
        "command": report.command,
        "entries": report.entries and entries_to_dict(report.entries),
        "unreached": list(report.unreached),
        "batches": report.batches and batches_to_dict(report.batches),
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {**usage._asdict(), "ratio": number_or_null(usage.ratio)}


def _values(values: Values) -> dict[str, Any]:
    return {
        "sample": values.sample,
        "quantity": values.quantity,
        "index": list(values.index),
        "values": {
            name: {"value": number(value), "hex": value.hex()}
            for name, value in values.values.items()
        },
    }
