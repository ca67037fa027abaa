"""What has moved since a baseline of functions, as sentences for a terminal."""

from compare.report.document import Json
from compare.report.functions.change import sentences_of, title_of_change
from compare.report.text.lines import wrapped


def format_change(change: Json | None, *, width: int) -> str:
    """Returns a sentence for each program; empty without a baseline."""
    if change is None:
        return ""
    said = (wrapped(f"  {one}", width, indent=4) for one in sentences_of(change))
    return "\n".join([wrapped(title_of_change(change), width), *said])
