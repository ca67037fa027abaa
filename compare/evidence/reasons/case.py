"""A check that fails, and what it is held against if something in the reference is changed."""

import functools
import math
from collections.abc import Callable, Iterator

import numpy as np

from compare.evidence.local.check import Check, check
from compare.evidence.local.specification import Specification
from compare.evidence.reasons.evaluation import NOTHING, Change, Evaluation
from compare.evidence.reasons.graph import Graph, Node
from compare.evidence.rounding.arithmetic import number_range
from compare.evidence.rounding.enclosure import Enclosure
from compare.problem.recording import Key, Recording

BACKWARD = ("backward", "gradient")
_FEW = 4  # entries: so many are explained by some number by chance
_CLOSE = 1e-6
_SHARP = 1e3  # times the bounds of the reference itself that those of another formula may have


class OutOfTimeError(Exception):
    """There is no time left to try more."""


class Case:
    """One check of a run.

    Attributes:
      key: (kind, name) of the check.
      graph: of the reference, from what was recorded on.
      evaluation: of that.
      target: what is expected.
      found: what was recorded, float64.
    """

    def __init__(
        self,
        specification: Specification,
        recording: Recording,
        graph: Graph,
        key: Key,
        is_late: Callable[[], bool] = lambda: False,
    ) -> None:
        self.key, self._recording, self._is_late = key, recording, is_late
        self.graph = graph
        self.evaluation = Evaluation(specification)
        self.target: Node = graph.targets[key]
        self._u = number_range(specification.problem.dtype).u

    @property
    def place(self) -> str:
        """The name of the place or result."""
        return self.key[1]

    @functools.cached_property
    def found(self) -> np.ndarray:
        """What was recorded."""
        found = self._recording.of(*self.key)
        assert found is not None
        return found.astype(np.float64)

    @functools.cached_property
    def expected(self) -> np.ndarray:
        """What the reference makes, exactly."""
        return self.evaluation.array(self.target).astype(np.float64)

    @property
    def is_scalar(self) -> bool:
        """Whether it has so few entries that some number explains it by chance."""
        return self.found.size < _FEW

    @property
    def is_exact(self) -> bool:
        """Whether it was computed in float64."""
        return self._u < number_range(np.dtype(np.float32)).u

    @functools.cached_property
    def sizes(self) -> dict[int, str]:
        """The sizes of axes of what it is computed from -> where each is from."""
        found: dict[int, str] = {}
        for node in self.sources:
            for size in node.shape:
                found.setdefault(size, node.name)
        return found

    @functools.cached_property
    def sources(self) -> tuple[Node, ...]:
        """The arguments and places that it is computed from, the nearest last."""
        read = [one for step in self.target.steps for one in step.operands] or [self.target]
        return tuple(dict.fromkeys(one for one in read if one.step is None and one.name))

    def made(self, change: Change) -> np.ndarray:
        """Returns what the reference makes under a change, without its bounds.

        Raises:
          OutOfTimeError: if it is late.
        """
        self.check_time()
        return np.asarray(self.evaluation.of(self.target, change).value, np.float64)

    def siblings(self) -> Iterator[Key]:
        """Yields the other times that a place comes by at which it fails too."""
        kind, name = self.key
        for other in self.graph.targets:
            is_other = other != self.key and other[1].partition("@")[0] == name.partition("@")[0]
            if is_other and other[0] == kind and not self._held(other, self.graph.targets[other]):
                yield other

    def holds(self, change: Change) -> bool:
        """Whether a change explains every entry, and makes nothing else worse.

        Raises:
          OutOfTimeError: if it is late.
        """
        self.check_time()
        expected = self.evaluation.of(self.target, change)
        return self._explains(expected) and all(
            self._check(key, self.evaluation.of(node, change)).holds
            for key, node in self.graph.targets.items()
            if self._is_beside(key) and _is_touched(node, change) and self._held(key, node)
        )

    def takes(self, node: Node, value: Enclosure | Node) -> bool:
        """Whether another value of a node explains every entry, at least where it is read here."""
        if self.holds({node: value}):
            return True
        if node is self.target or not self._explains(
            self.evaluation.of(self.target, {node: value})
        ):
            return False
        here: Change = {
            (step, i): value
            for step in self.target.steps
            for i, one in enumerate(step.operands)
            if one is node
        }
        return self.holds(here)

    def _is_beside(self, key: Key) -> bool:
        """Whether another check is to hold too: a backward pass may have formulas of its own."""
        is_later = key[0] in BACKWARD or self.key[0] not in BACKWARD
        return key != self.key and is_later

    def _explains(self, expected: Enclosure) -> bool:
        if expected.value.shape != self.found.shape:
            return False
        one = self._check(self.key, expected)
        own = self.evaluation.of(self.target)
        is_sharp = expected.error[0].max() <= _SHARP * max(own.error[0].max(), one.floor)
        is_known = is_sharp and not (one.vacuous or one.untested or one.unbounded or one.undefined)
        return one.holds and one.is_typical and is_known and not one.is_zero

    def check_time(self) -> None:
        """Gives up if it is late.

        Raises:
          OutOfTimeError: if it is.
        """
        if self._is_late():
            raise OutOfTimeError

    def _held(self, key: Key, node: Node) -> bool:
        """Whether another check holds without any change."""
        found = self._recording.of(*key)
        if found is None or found.shape != node.shape:
            return False
        return self._check(key, self.evaluation.of(node)).holds

    def _check(self, key: Key, expected: Enclosure) -> Check:
        found = self._recording.of(*key)
        assert found is not None
        return check(*key, (), found, expected, self._u)

    def is_of(self, first: Check) -> bool:
        """Whether a check is followed here as it was found: it fails, by the same numbers."""
        is_seen = self.found.shape == self.target.shape and self.found.dtype.kind == "f"
        if not is_seen or not np.isfinite(self.found).all():
            return False
        one = self._check(self.key, self.evaluation.of(self.target, NOTHING))
        is_same = math.isclose(one.expected, first.expected, rel_tol=_CLOSE)
        return is_same and one.index == first.index and not one.holds and not one.unbounded


def _is_touched(node: Node, change: Change) -> bool:
    """Whether a value is computed from what is changed."""
    reads = [(step, i, one) for step in node.steps for i, one in enumerate(step.operands)]
    return node in change or any(one in change or (step, i) in change for step, i, one in reads)
