"""What is different in a program."""

from typing import NamedTuple


class Reason(NamedTuple):
    """One changed assumption that explains a check.

    Attributes:
      kind: of the assumption, such as 'constant', 'activation' or 'factor'.
      sentence: what the program has, and what the reference has.
      place: that the sentence is about.
    """

    kind: str
    sentence: str
    place: str
