"""What a comparison has found, as a person at a prompt, in a notebook or in a script meets it."""

import os
from typing import Any, NoReturn

from compare import results
from compare.report.frame import frame_of
from compare.report.json.write import report_to_json
from compare.report.labels import network_of, samples_of
from compare.report.page.notebook import notebook_html
from compare.report.saving import save_report
from compare.report.text.report import format_report


class Report(results.Report):
    """What was compared, what was found and what follows; nothing in it can be changed.

    `print(report)` shows the first screen of `python -m compare.run`, and a notebook the first
    part of its page. It has no truth value: `report.agrees` says what most would mean by one.
    """

    @classmethod
    def of(cls, found: results.Report) -> "Report":
        """Returns the same findings as a report that can show itself."""
        return cls(**vars(found))

    @property
    def agrees(self) -> bool:
        """Whether the verdict is 'agree'; False for 'disagree' and for 'undecided'."""
        return self.verdict == "agree"

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
        return frame_of(self)

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Writes .html, the page with figures; .json, as of `to_json`; or .txt, the first screen.

        The file appears whole or not at all. One that is there is replaced if this project wrote
        it, and never otherwise.

        Raises:
          UsageError: for another suffix, a path that cannot be written, a file of somebody else's,
            or a page without matplotlib, which draws its figures.
        """
        save_report(self, path)

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

    def __bool__(self) -> NoReturn:
        """Refuses: an `assert report` that always holds would hide a disagreement.

        Raises:
          TypeError: always.
        """
        raise TypeError(
            "a Report is neither true nor false: expected report.agrees, which is False if the "
            "verdict is 'disagree' or 'undecided', or a comparison with report.verdict"
        )
