"""The first sentence of a report: what is different, or else where."""

from typing import NamedTuple


class Headline(NamedTuple):
    """The sentence, and what it leaves for a remark.

    Attributes:
      text: with the name of the program.
      remarks: where it is seen first, if the sentence says why; or why, if it does not.
    """

    text: str
    remarks: tuple[str, ...]


def headline(name: str, sentence: str, reason: str | None, *, basis: str) -> Headline:
    """Returns the headline on a program.

    Args:
      name: of it.
      sentence: of its verdict.
      reason: what is different in it; None if that is not known.
      basis: what its verdict rests on; wrong weights are told before all else.
    """
    if reason is None or basis == "weights":
        return Headline(f"{name}: {sentence}", () if reason is None else (reason,))
    return Headline(f"{name}: {reason}", (f"seen first here: {sentence}",))
