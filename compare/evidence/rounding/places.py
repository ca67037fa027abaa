"""Where in a program an equation stands: its primitive, and the line of source that made it."""

import contextlib
import linecache
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from compare.evidence.rounding.enclosure import Analysis, Enclosure, Equation
from compare.evidence.rounding.primitives.application import apply
from compare.evidence.rounding.source_lines import line_of

_PLACE = re.compile(r"(?P<file>.+):(?P<line>\d+):\d+(?: \(.*\))?")


class Place(NamedTuple):
    """The place of an equation."""

    primitive: str
    source: str  # 'model.py:12:8 (loss)', '' if unknown
    backward: bool  # whether it is of the backward pass

    @property
    def line(self) -> tuple[str, bool]:
        """What all equations of one line of source share, in one direction."""
        return self.source, self.backward

    @property
    def text(self) -> str:
        """The line of source itself; '' if there is none."""
        found = _PLACE.fullmatch(self.source)
        if not found:
            return ""
        return linecache.getline(found["file"], int(found["line"])).strip()

    def __str__(self) -> str:
        """Returns 'model.py:12:8 (fit.loss), backward', without folders."""
        folder, _, file = self.source.rpartition("/")
        shown = (file or folder).replace(".<locals>", "") or "a place that JAX does not know"
        return shown + ", backward" * self.backward


class Calls:
    """Which functions are being evaluated: an equation of one may have no place of its own."""

    def __init__(self) -> None:
        self._calls: list[Place] = []

    @contextlib.contextmanager
    def within(self, eqn: Equation) -> Iterator[None]:
        """Evaluates a called function, whose equations may have no place of their own."""
        self._calls.append(self.place(eqn))
        try:
            yield
        finally:
            self._calls.pop()

    def place(self, eqn: Equation) -> Place:
        """Returns the place of an equation that is evaluated now."""
        source = line_of(eqn)
        backward = "transpose" in str(eqn.source_info.name_stack)
        if self._calls:
            outer = self._calls[-1]
            source, backward = source or outer.source, backward or outer.backward
        return Place(eqn.primitive.name, source, backward)

    def apply(
        self, analysis: Analysis, eqn: Equation, operands: Sequence[Enclosure]
    ) -> list[Enclosure]:
        """Evaluates an equation, which may be a loop of others."""
        with self.within(eqn):
            return apply(analysis, eqn, operands)
