"""Text from files, names and exceptions of others, made safe to print."""


def quoted(text: str) -> str:
    r"""Writes what does not print as Python does, such as \x1b: a terminal would obey it.

    Lines stay lines. Marks that turn the direction of writing or take no room are written out too,
    since what is read would be another text than what is there.
    """
    if text.replace("\n", "").isprintable():  # as nearly all text, and much faster
        return text
    return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
