"""What has moved since a baseline."""

from compare.report.document import Json, bound_used
from compare.report.labels import changes_of
from compare.report.page.markup import Cell, paragraph, section, table, told
from compare.report.words import CHANGE

_HEAD: tuple[str | Cell, ...] = ("", *map(Cell, ("moved", "rounding used", "certified")))


def change(report: Json) -> str:
    """Returns how far each implementation has moved; empty without a baseline."""
    known = report["change"]
    if known is None:
        return ""
    rows = [
        [
            one["implementation"],
            Cell(f"{one['moved']:,}"),
            Cell(bound_used(one["parameters"])),
            Cell(_certified(one["certified_then"], one["certified_now"])),
        ]
        for one in known["drifts"]
    ]
    versions, settings = (
        {name: (both["then"], both["now"]) for name, both in known.get(kind, {}).items()}
        for kind in ("versions", "settings")
    )
    return section(
        "change",
        f"Since the baseline {known['baseline']}",
        paragraph(f"Since then: {changes_of(versions, settings)}."),
        told(CHANGE, table("Since the baseline", _HEAD, rows)),
    )


def _certified(then: int | None, now: int) -> str:
    """How many samples; then is not known of a single one."""
    return f"{now:,}" if then is None else f"{then:,} → {now:,}"
