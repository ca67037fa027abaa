"""An assertion for test suites: these gradients agree."""

import tempfile
import uuid
from pathlib import Path
from typing import Any

from compare.api import compare_gradients
from compare.quoting import quoted
from compare.report.report import Report
from compare.report.text.failures import format_failures


def assert_gradients_agree(
    params: Any, x: Any, y: Any = None, *, save: str | Path | None = None, **options: Any
) -> Report:
    """Asserts that `compare_gradients` finds agreement.

    Args:
      params: (w, b) of every layer, a tree with names, or a torch module.
      x: [N, d].
      y: [N, k], or None for the mean of x^2.
      save: a folder for weights, samples and what was brought, written to if they do not agree;
        None for a new one among the system's temporary files.
      **options: as for `compare_gradients`.

    Returns:
      The report.

    Raises:
      AssertionError: with the verdict's sentence, a table of the parameters that fail, and a
        command that computes the deciding sample again.
      UsageError: as `compare_gradients` does.
    """
    __tracebackhide__ = True
    folder = (
        save if save is not None else Path(tempfile.gettempdir(), f"gradients-{uuid.uuid4().hex}")
    )
    report = compare_gradients(params, x, y, save=folder, **options)
    if report.verdict != "agree":
        raise AssertionError(_message(report))
    return report


def _message(report: Report) -> str:
    parts = [f"{report.verdict}: {report.reason}.", format_failures(report)]
    if report.reproduce is not None:
        parts.append(
            f"To compute that sample again, from the same bits:\n{quoted(report.reproduce)}"
        )
    return "\n\n".join(part for part in parts if part)
