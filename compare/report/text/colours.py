"""Colours of a terminal, beside words that say the same."""

from collections.abc import Callable

Paint = Callable[[str, str], str]  # text and kind, 'good' or 'bad' -> text

_CODES = {"good": "1;32", "bad": "1;31"}  # bold green and bold red, as the terminal has them


def painted(text: str, kind: str) -> str:
    """Colours a text; its width on the screen stays."""
    return f"\x1b[{_CODES[kind]}m{text}\x1b[0m"


def plainly(text: str, kind: str) -> str:
    """Leaves it as it is."""
    del kind
    return text
