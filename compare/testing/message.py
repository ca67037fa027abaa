"""The message of a failed assertion, as it stands in the log of a test."""

from compare.report.text.lines import wrapped

WIDTH = 72  # of a line, since pytest puts 8 columns before each
MOST_LINES = 25
_MOST_LINES_SAID = 10  # by the verdict


def said(sentence: str) -> str:
    """Breaks a sentence into lines; Python writes "AssertionError: " before the first."""
    before = "x" * len("AssertionError: ")
    lines = wrapped(before + sentence, WIDTH).removeprefix(before).splitlines()
    more = ["..."] if len(lines) > _MOST_LINES_SAID else []
    return "\n".join([*lines[: _MOST_LINES_SAID - len(more)], *more])
