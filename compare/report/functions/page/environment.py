"""With what it was computed, folded away."""

from compare.report.document import Json
from compare.report.page.markup import definitions, folded, section
from compare.report.page.sections.environment import environment_of


def environment(report: Json) -> str:
    """Returns what the verdict rests on, and the settings, versions and machine."""
    asked = [(name, str(value)) for name, value in report["config"].items() if value is not None]
    return section(
        "environment",
        "How this was found",
        folded(
            "Versions and settings", definitions([*asked, *environment_of(report["environment"])])
        ),
    )
