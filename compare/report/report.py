"""What a comparison has found, as a person at a prompt, in a notebook or in a script meets it."""

import json
from typing import Any

from compare import results
from compare.report.frame import frame_of, rows_of
from compare.report.json.write import report_to_json
from compare.report.labels import network_of, samples_of
from compare.report.page.notebook import notebook_html
from compare.report.shown import ShownReport
from compare.report.text.report import format_report
from compare.report.visuals import check_drawing, page_of


class Report(results.Report, ShownReport):
    """What was compared, what was found and what follows; nothing in it can be changed.

    `print(report)` shows the first screen of `python -m compare.run`, and a notebook the first
    part of its page. It has no truth value: `report.agrees` says what most would mean by one.
    """

    def to_json(self) -> str:
        """Returns the document that `python -m compare.run` writes as report.json."""
        return report_to_json(self)

    def to_frame(self) -> Any:
        """Returns a pandas.DataFrame with a row for each quantity of each pair.

        Its columns are a, b, quantity, shape, max_abs, max_rel, max_ulp, scaled, bound (the share
        of what rounding allows), sample and index (of max_abs), and entries.

        Raises:
          UsageError: if pandas is not installed.
        """
        return frame_of(rows_of(self))

    def _page(self, where: str) -> str:
        check_drawing(where)
        return page_of(json.loads(self.to_json()))

    def __str__(self) -> str:
        """Returns the first screen, without colours."""
        return format_report(self)

    def __repr__(self) -> str:
        """Returns one line."""
        names = " ~ ".join(one.name for one in self.implementations)
        config = self.config
        return (
            f"<Report {self.verdict}: {network_of(config)}, {samples_of(config)} samples, {names}>"
        )

    def _repr_html_(self) -> str:
        return notebook_html(self)
