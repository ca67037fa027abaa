"""What has moved since a baseline of functions."""

from compare.report.document import Json
from compare.report.functions.change import sentences_of, title_of_change
from compare.report.page.markup import paragraph, section


def change(known: Json | None) -> str:
    """Returns a sentence for each program; empty without a baseline."""
    if known is None:
        return ""
    said = (paragraph(f"{one}.") for one in sentences_of(known))
    return section("change", "Since the baseline", paragraph(f"{title_of_change(known)}."), *said)
