"""A verdict on one program."""

from typing import NamedTuple

from compare.evidence.local.check import Check


class Finding(NamedTuple):
    """A verdict, and what it rests on; the fields of `Standing` that it fills."""

    verdict: str
    basis: str
    sentence: str
    first: Check | None = None
    exact: tuple[Check, ...] = ()
    warnings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
