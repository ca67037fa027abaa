"""Which equation of a reference made the first number that is not finite, or may not be."""

import dataclasses

from compare.evidence.local.specification import Specification
from compare.evidence.local.walk import follow
from compare.evidence.rounding.causes import cause_of_not_finite
from compare.evidence.rounding.enclosure import Enclosure
from compare.evidence.rounding.explanation import Cause
from compare.evidence.rounding.provenance import History
from compare.problem.recording import Arrays


def cause_at(specification: Specification, places: Arrays, kind: str, name: str) -> Cause | None:
    """Returns the equation that made a place or a result not finite; None if none did.

    Args:
      specification: of the reference.
      places: what was recorded on the way.
      kind: of the place or the result.
      name: of it.
    """
    history, found = History(), []

    def hold(kind_: str, name_: str, _: frozenset[str], expected: Enclosure) -> None:
        if (kind_, name_) == (kind, name):
            found.append(cause_of_not_finite(history.of(expected)))

    unrounded = dataclasses.replace(specification, rounded_to=specification.problem.dtype)
    follow(unrounded, places, hold, calls=history)
    return next(iter(found), None)
