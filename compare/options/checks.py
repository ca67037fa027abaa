"""What the value of one option must be: each check takes (name, value) and raises UsageError."""

import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from compare.catalogue import WEIGHT_FILES
from compare.errors import UsageError, shown

Check = Callable[[str, Any], None]

_DEVICE = re.compile(r"cpu|gpu|all|(cpu|cuda):\d{1,4}")


def true_or_false(name: str, value: Any) -> None:
    """Checks a flag."""
    if not isinstance(value, bool):
        raise UsageError(f"{name}: expected True or False, got {shown(value)}")


def integer_words(least: int, most: int | None) -> str:
    """Says which integers may be."""
    return f"of at least {least}" if most is None else f"from {least} to {most:,}"


def integer(least: int, most: int | None = None) -> Check:
    """Makes the check of an integer with a lower bound, and an upper one if there is one."""

    def check(name: str, value: Any) -> None:
        if not isinstance(value, int) or not least <= value <= (value if most is None else most):
            words = integer_words(least, most)
            raise UsageError(f"{name}: expected an integer {words}, got {shown(value)}")

    return check


def positive(name: str, value: Any) -> None:
    """Checks a number that is above 0 and finite."""
    if not isinstance(value, float) or not 0 < value < float("inf"):
        raise UsageError(f"{name}: expected a finite number above 0, got {shown(value)}")


def not_negative(name: str, value: Any) -> None:
    """Checks a number that is 0 or more."""
    if not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise UsageError(f"{name}: expected a number of at least 0, got {shown(value)}")


def one_of(choices: Sequence[str]) -> Check:
    """Makes the check of one name out of a few."""

    def check(name: str, value: Any) -> None:
        if value not in choices:
            raise UsageError(f"{name}: expected one of {', '.join(choices)}, got {shown(value)}")

    return check


def each_of(choices: Sequence[str]) -> Check:
    """Makes the check of any number of such names."""

    def check(name: str, value: Any) -> None:
        for one in value:
            one_of(choices)(name, one)

    return check


def layer_sizes(name: str, sizes: Any) -> None:
    """Checks how many units every layer has."""
    if len(sizes) < 2 or any(not 1 <= n < 2**31 for n in sizes):
        raise UsageError(
            f"{name}: expected at least two positive integers, inputs first and outputs last, "
            f"such as 2,10,10,1; got {','.join(map(str, sizes)) or 'none'}"
        )


def device(name: str, value: Any) -> None:
    """Checks where to compute."""
    if not isinstance(value, str) or not _DEVICE.fullmatch(value):
        raise UsageError(
            f"{name}: expected cpu, gpu, one of them such as cuda:0, or all; got {shown(value)}"
        )


def folder(name: str, path: Any) -> None:
    """Checks the name of a folder."""
    if path == "":
        raise UsageError(f"--{name}: expected a folder to write into, got an empty name")


def file(name: str, path: Any) -> None:
    """Checks the name of a file."""
    if path == "":
        raise UsageError(f"--{name}: expected a file, got an empty name")


def weight_file(name: str, path: Any) -> None:
    """Checks that the suffix of a file says in which format its weights are."""
    if os.path.splitext(path)[1].lower() not in WEIGHT_FILES:
        raise UsageError(
            f"--{name} {path}: expected a file named {', '.join(WEIGHT_FILES)}, to know the format"
        )
