"""A report of training runs as rows of a table."""

from collections.abc import Iterator
from typing import Any

from compare.steps.results import StepsReport


def rows_of(report: StepsReport) -> Iterator[dict[str, Any]]:
    """Yields a row for each step of each candidate."""
    for run in report.candidates:
        for one in run.steps:
            yield {
                "run": run.name,
                "step": one.number,
                "verdict": one.verdict,
                "kind": None if one.first is None else one.first.kind,
                "name": None if one.first is None else one.first.name,
                "gradients": one.gradients,
                "update": one.update,
                "loss": one.loss,
                "reference_loss": one.reference_loss,
                "apart": one.apart,
                "rounding": one.rounding,
                "change": one.change,
            }
