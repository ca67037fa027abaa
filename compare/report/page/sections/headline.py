"""The verdict in one sentence."""

from compare.report.document import Json
from compare.report.page.markup import escaped, paragraph


def headline(report: Json) -> str:
    """Returns the verdict, a way to the failure, and warnings."""
    skip = ""
    if report["verdict"] != "agree":
        what = "failure" if report["verdict"] == "disagree" else "reason"
        skip = f'<p><a href="#failure">To the {what}</a></p>'
    warnings = "".join(paragraph(f"Warning: {one}.") for one in report["warnings"])
    verdict, reason = escaped(report["verdict"]), escaped(report["reason"])
    return f"<header><h1><strong>{verdict}</strong> {reason}.</h1>{skip}{warnings}</header>"
