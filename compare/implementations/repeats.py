"""Implementations run again, to tell what changes from run to run."""

from collections.abc import Sequence

from compare.implementations.base import Implementation


def repeat_name(name: str, run: int) -> str:
    """Names an implementation that computes once more; runs count from 1."""
    return f"{name}@again{run}"


def repeated(taking_part: Sequence[Implementation], repeats: int) -> list[Implementation]:
    """Returns all that compute once more, under other names."""
    return [
        one._replace(name=repeat_name(one.name, run), repeat_of=one.name)
        for run in range(1, repeats + 1)
        for one in taking_part
        if one.can_recompute
    ]
