"""What has moved since a baseline."""

from compare.numbers import largest_ratio, share
from compare.report.document import Json
from compare.report.page.markup import Cell, paragraph, section, table


def change(report: Json) -> str:
    """Returns how far each implementation has moved; empty without a baseline."""
    known = report["change"]
    if known is None:
        return ""
    rows = [
        [
            one["implementation"],
            Cell(f"{one['moved']:,}"),
            Cell(share(largest_ratio([p["bound_ratio"] for p in one["parameters"]]))),
            Cell(f"{one['certified_then']} → {one['certified_now']}"),
        ]
        for one in known["drifts"]
    ]
    versions = ", ".join(
        f"{name} {both['then']} → {both['now']}" for name, both in known["versions"].items()
    )
    return section(
        "change",
        f"Since the baseline {known['baseline']}",
        paragraph(versions or "The same versions."),
        table(
            "Entries whose bits are others",
            ["", Cell("moved"), Cell("of the bound"), Cell("certified")],
            rows,
        ),
    )
