"""A report as one file, whose suffix says what it is."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from compare.errors import UsageError, shown
from compare.formats.atomic import Staging
from compare.formats.places import check_places, place_of
from compare.report.json.write import report_to_json
from compare.report.text.report import format_report
from compare.report.visuals import check_drawing, page_of
from compare.results import Report


def save_report(report: Report, path: "str | os.PathLike[str]") -> None:
    """Writes a report.

    Args:
      report: what was found.
      path: its suffix, .html, .json or .txt, says in which form.

    Raises:
      UsageError: if the suffix says nothing, or the file cannot be written or would replace one
        that this project did not write.
    """
    final = _final(path)
    write = _WRITERS.get(final.suffix.lower())
    if write is None:
        raise UsageError(
            f"save {final}: expected a name that ends with {', '.join(_WRITERS)}, got "
            f"{repr(final.suffix) if final.suffix else 'none of them'}"
        )
    check_places([place_of(str(final), option="save")])
    content = write(report, f"save {final}")
    with Staging(final.parent, option="save") as staging:
        staging.write(final.name, content)


def _final(path: "str | os.PathLike[str]") -> Path:
    """Returns where the file is to appear; a link stays a link."""
    try:
        text = os.fspath(path)
    except TypeError:
        text = ""
    if not isinstance(text, str) or not text or "\0" in text:
        raise UsageError(f"save: expected the path of a file, got {shown(path)}")
    return Path(os.path.realpath(text))


def _page(report: Report, where: str) -> str:
    check_drawing(where)
    return page_of(json.loads(report_to_json(report)))


_WRITERS: dict[str, Callable[[Report, str], str]] = {
    ".html": _page,
    ".json": lambda report, _: report_to_json(report),
    ".txt": lambda report, _: format_report(report) + "\n",
}
