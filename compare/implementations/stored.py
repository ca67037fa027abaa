"""Gradients that exist already, as an implementation."""

from collections.abc import Callable

from compare.formats.reading import Choice
from compare.implementations.base import Implementation
from compare.problem.answers import Answer, take
from compare.problem.blocks import Block


def stored(name: str, source: str, answer: Answer, read: Choice | None = None) -> Implementation:
    """Makes an implementation of the gradients of all samples; `read` says how they were read."""
    return read_from(name, source, lambda start, stop: take(answer, slice(start, stop)), read)


def read_from(
    name: str, source: str, rows: Callable[[int, int], Answer], read: Choice | None = None
) -> Implementation:
    """Makes an implementation of gradients that stay in a file.

    Args:
      name: of the implementation.
      source: the file.
      rows: returns the gradients of samples start .. stop - 1.
      read: how they were read.
    """

    def evaluate(block: Block) -> Answer:
        return rows(block.start, block.start + block.size)

    return Implementation(name, "cpu", evaluate, source=source, can_recompute=False, read=read)
