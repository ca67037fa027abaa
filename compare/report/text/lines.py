"""Sentences broken into lines."""

import textwrap

from compare.quoting import quoted


def wrapped(text: str, width: int, *, indent: int = 0) -> str:
    """Breaks a sentence at spaces, its later lines indented; names and paths stay whole."""
    return textwrap.fill(
        quoted(text),
        width,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
