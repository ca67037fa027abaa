"""What a comparison of training runs has found, as a person at a prompt or in a script meets it."""

import json
from typing import Any

from compare.report.frame import frame_of
from compare.report.shown import ShownReport
from compare.report.training.answer import title_of
from compare.report.training.frame import rows_of
from compare.report.training.page import make_page, notebook_html
from compare.report.training.text import format_report
from compare.report.training.write import report_to_dict, report_to_json
from compare.steps import results


class StepsReport(results.StepsReport, ShownReport):
    """What was compared, what was found and what follows; nothing in it can be changed.

    `print(report)` shows the answer, and a notebook the first part of its page. It has no truth
    value: `report.agrees` says what most would mean by one.
    """

    def to_json(self) -> str:
        """Returns the report as a JSON document."""
        return report_to_json(self)

    def to_frame(self) -> Any:
        """Returns a pandas.DataFrame with a row for each step of each candidate.

        Its columns are run, step, verdict, kind and name (of the first check that fails),
        gradients and update (the shares of what rounding allows), loss, reference_loss, apart,
        rounding and change.

        Raises:
          UsageError: if pandas is not installed.
        """
        return frame_of(rows_of(self))

    def _page(self, where: str) -> str:
        del where  # it needs no package
        return make_page(json.loads(self.to_json()))

    def __str__(self) -> str:
        """Returns the answer, without colours."""
        return format_report(self)

    def __repr__(self) -> str:
        """Returns one line."""
        return f"<StepsReport {self.verdict}: {title_of(report_to_dict(self))}>"

    def _repr_html_(self) -> str:
        return notebook_html(json.loads(self.to_json()))
