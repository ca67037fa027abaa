"""Values of a graph with bounds of their errors, also where something in it is changed."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import jax
import numpy as np

from compare.evidence.local.specification import Specification
from compare.evidence.reasons.graph import Node, Step
from compare.evidence.rounding.enclosure import Enclosure
from compare.evidence.rounding.kinds import is_float
from compare.evidence.rounding.primitives.application import apply
from compare.evidence.rounding.readings import READINGS
from compare.evidence.rounding.roundoff_transform import analysis_of
from compare.evidence.rounding.settings import settings


@dataclasses.dataclass(frozen=True)
class Made:
    """What a function of JAX makes of the values that some nodes have then."""

    f: Callable[..., Any]
    operands: tuple[Node, ...]


# a value, or an operand of a step (by its number in that) -> what stands there instead: a value, or
# what some node would be if it was not changed itself, or what is made of nodes
Change: TypeAlias = Mapping[Node | tuple[Step, int], Enclosure | Node | Made]
NOTHING: Change = {}


class Evaluation:
    """What a reference makes of what was recorded; each step is evaluated once."""

    def __init__(self, specification: Specification) -> None:
        traced, self._dtype = specification.traced, specification.problem.dtype
        self._traced, self._analysis = traced, analysis_of(traced, self._dtype, READINGS)
        self._given: dict[Node, Enclosure] = {}
        self._made: dict[int, list[Enclosure]] = {}

    def of(self, node: Node, change: Change = NOTHING) -> Enclosure:
        """Returns a value, as it is where something is changed before it."""
        with settings(self._traced):
            changed: dict[int, list[Enclosure]] = {}
            others = [one for one in change.values() if isinstance(one, Node)]
            steps = {step.number: step for one in (node, *others) for step in one.steps}
            for _, step in sorted(steps.items()):
                self._evaluate(step, change, changed)
            return self._value(node, change, changed)

    def array(self, node: Node) -> np.ndarray:
        """Returns the exact value."""
        return np.asarray(self.of(node).value)

    def made(self, f: Callable[..., Any], *operands: Enclosure) -> Enclosure:
        """Returns what a function of JAX makes of values."""
        with settings(self._traced):
            kinds = [self._kind(one) for one in operands]
            closed = jax.make_jaxpr(f)(*kinds)
            return self._analysis.evaluate(closed, list(operands))[0]

    def number(self, value: float, dtype: Any) -> Enclosure:
        """Returns a number as a program holds it that has it in its text."""
        return self._analysis.constant(np.asarray(value, dtype))

    def exact(self, value: np.ndarray) -> Enclosure:
        """Returns an array that has no error."""
        return self._analysis.exact(value)

    def _kind(self, one: Enclosure) -> Any:
        dtype = self._dtype if is_float(one.value.dtype) else one.value.dtype
        return jax.ShapeDtypeStruct(one.value.shape, dtype)

    def _evaluate(self, step: Step, change: Change, changed: dict[int, list[Enclosure]]) -> None:
        is_changed = any(_touched(step, change, changed))
        if not is_changed and step.number in self._made:
            return
        operands = [
            self._read(change[step, i], change, changed)
            if (step, i) in change
            else self._value(one, change, changed)
            for i, one in enumerate(step.operands)
        ]
        results = apply(self._analysis, step.eqn, operands)
        (changed if is_changed else self._made)[step.number] = results

    def _value(
        self, node: Node, change: Change, changed: Mapping[int, Sequence[Enclosure]]
    ) -> Enclosure:
        return self._read(change.get(node, node), change, changed)

    def _read(
        self,
        node: Node | Enclosure | Made,
        change: Change,
        changed: Mapping[int, Sequence[Enclosure]],
    ) -> Enclosure:
        if isinstance(node, Enclosure):
            return node
        if isinstance(node, Made):
            return self.made(node.f, *(self._value(one, change, changed) for one in node.operands))
        if node.step is None:
            return self._source(node)
        made = changed.get(node.step.number) or self._made[node.step.number]
        return made[node.which]

    def _source(self, node: Node) -> Enclosure:
        if node not in self._given:
            take = self._analysis.constant if node.is_constant else self._analysis.exact
            self._given[node] = take(node.given)
        return self._given[node]


def _touched(step: Step, change: Change, changed: Mapping[int, Any]) -> Iterator[bool]:
    """Yields of each operand of a step whether it is another one."""
    for i, one in enumerate(step.operands):
        yield one in change or (step, i) in change
        yield one.step is not None and one.step.number in changed
