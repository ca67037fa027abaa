"""An assertion for test suites: these gradients agree."""

import os
import tempfile
import uuid
from pathlib import Path
from typing import Any

from compare.api import compare_gradients
from compare.errors import UsageError
from compare.options.wording import in_arguments
from compare.quoting import quoted
from compare.report.failures import format_failures
from compare.report.report import Report
from compare.testing.message import MOST_LINES, said


def assert_gradients_agree(
    params: Any = None,
    x: Any = None,
    y: Any = None,
    *,
    save: "str | os.PathLike[str] | None" = None,
    **options: Any,
) -> Report:
    """Asserts that `compare_gradients` finds agreement.

    Args:
      params: (w, b) of every layer, a tree with names, or a torch module; None to draw them.
      x: [N, d]; None to draw them.
      y: [N, k], or None for the mean of x^2.
      save: a folder for weights, samples and what was brought, written to if they do not agree;
        None for a new one among the system's temporary files.
      **options: as for `compare_gradients`.

    Returns:
      The report.

    Raises:
      AssertionError: with the verdict's sentence, a table of the parameters that fail, and the
        commands that compute the deciding sample again; at most 25 lines.
      UsageError: as `compare_gradients` does, and where nothing is tested: no candidate, no
        gradients, no torch module and no baseline.
    """
    __tracebackhide__ = True
    folder = (
        save if save is not None else Path(tempfile.gettempdir(), f"gradients-{uuid.uuid4().hex}")
    )
    try:
        report = compare_gradients(params, x, y, save=folder, **options)
    except UsageError as error:
        raise error.with_traceback(None) from error.__cause__  # pytest shows the test's line alone
    if not report.agrees:
        raise AssertionError(_message(report))
    kept = (report.config.get(name) for name in ("baseline", "save_baseline"))
    if not any(one.source for one in report.implementations) and not any(kept):
        raise UsageError(
            "candidate: expected something of yours to test, got none, and so a test that cannot "
            "fail; give candidate, candidates, gradients, a baseline, or a torch module as params. "
            "That ours agree is what compare_gradients(...).agrees says"
        )
    return report


def _message(report: Report) -> str:
    verdict = said(in_arguments(f"{report.verdict}: {report.reason}."))
    again = ""
    if report.reproduce is not None:
        to_folder, _, command = quoted(report.reproduce).rpartition(" && ")
        again = f"To compute that sample again, from the same bits:\n{to_folder}\n{command}"
    room = MOST_LINES - sum(part.count("\n") + 2 for part in (verdict, again) if part)
    parts = [verdict, format_failures(report, most_rows=room), again]
    return "\n\n".join(part for part in parts if part)
