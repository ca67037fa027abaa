"""What a command prints, whatever the columns of its terminal."""

import re


def joined(printed):
    """Returns it with every sentence in one line."""
    return re.sub(r"\n  (?=\S)", " ", printed)
