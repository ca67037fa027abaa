"""What a comparison of functions has found, as a person at a prompt or in a script meets it."""

import json
from typing import Any

from compare import function_results
from compare.report.frame import frame_of
from compare.report.functions.answer import title_of
from compare.report.functions.frame import rows_of
from compare.report.functions.page.html import make_page
from compare.report.functions.page.notebook import notebook_html
from compare.report.functions.text.report import format_report
from compare.report.functions.write import report_to_dict, report_to_json
from compare.report.shown import ShownReport


class FunctionReport(function_results.FunctionReport, ShownReport):
    """What was compared, what was found and what follows; nothing in it can be changed.

    `print(report)` shows the first screen of `python -m compare.functions`, and a notebook the
    first part of its page. It has no truth value: `report.agrees` says what most would mean by one.
    """

    def to_json(self) -> str:
        """Returns the document that `python -m compare.functions` writes as report.json."""
        return report_to_json(self)

    def to_frame(self) -> Any:
        """Returns a pandas.DataFrame with a row for each check of each program.

        Its columns are program, dtype, kind, name, shape, max_abs, max_rel, ulp, used (the share of
        what rounding allows), unlikely, holds, index (of the entry that uses most), found, expected
        and entries.

        Raises:
          UsageError: if pandas is not installed.
        """
        return frame_of(rows_of(self))

    def _page(self, where: str) -> str:
        del where  # it needs no package
        return make_page(json.loads(self.to_json()))

    def __str__(self) -> str:
        """Returns the first screen, without colours."""
        return format_report(self)

    def __repr__(self) -> str:
        """Returns one line."""
        return f"<FunctionReport {self.verdict}: {title_of(report_to_dict(self))}>"

    def _repr_html_(self) -> str:
        return notebook_html(json.loads(self.to_json()))
