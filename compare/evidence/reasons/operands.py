"""An argument or an array of the program that is read in another form, or another one."""

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.graph import Node
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.words import subject
from compare.problem.cuts import is_cotangent

_MOST_AXES = 4
_LOOKUPS = ("gather", "dynamic_slice")


class Form(NamedTuple):
    """A form of an array; the words go behind its name."""

    words: str
    of: Callable[[Any], Any]


def operand_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which an argument, or an array of the program, is read in another form."""
    for node in _read(case):
        value = case.evaluation.of(node)
        is_index = any(step.name in _LOOKUPS for step in case.target.steps)
        if np.issubdtype(node.dtype, np.integer) and not is_index:
            continue
        for words, f in forms(node):
            made = case.evaluation.made(f, value)
            if made.value.shape == node.shape and case.takes(node, made):
                yield Reason("operand", f"{subject(case)} has {_name(node)} {words}", case.place)
                break


def argument_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which another argument is read, or two are swapped."""
    arguments = list(filter(_is_argument, case.graph.sources.values()))
    for one, other in itertools.product(filter(_is_argument, case.sources), arguments):
        if one is other or one.shape != other.shape or one.dtype != other.dtype:
            continue
        names = f"`{one.name}`", f"`{other.name}`"
        if case.holds({one: other, other: one}) and other in case.sources:
            words = "{} and {} in each other's place".format(*sorted(names))
            yield Reason("swapped", f"{subject(case)} has {words}", case.place)
        elif case.takes(one, other):
            words = f"{names[1]} where the reference has {names[0]}"
            yield Reason("another", f"{subject(case)} has {words}", case.place)


def forms(node: Node) -> Iterator[Form]:
    """Yields other forms of an array that have its shape."""
    if len(node.shape) > _MOST_AXES or not node.shape:
        return
    if np.issubdtype(node.dtype, np.floating):
        yield from arrangements(node.shape)
        yield Form("with the opposite sign", jnp.negative)
        yield Form("with 1 added to it", _one_more)
        yield Form("as 1 everywhere", jnp.ones_like)
        yield Form("squared", jnp.square)
    elif np.issubdtype(node.dtype, np.integer) and node.name:
        yield Form("with 1 added to it", _one_more)
        yield Form("with 1 taken from it", _one_less)
    elif node.dtype == bool:
        yield Form("inverted", jnp.logical_not)
        for axis, by in itertools.product(range(len(node.shape)), (1, -1)):
            yield Form(f"off by one along axis {axis}", functools.partial(_moved, axis, by))


def arrangements(shape: tuple[int, ...]) -> Iterator[Form]:
    """Yields other orders of the entries of an array."""
    axes = tuple(range(len(shape)))
    for order in itertools.permutations(axes) if len(shape) <= _MOST_AXES else ():
        if order != axes and tuple(shape[i] for i in order) == shape:
            words = "transposed" if len(shape) == 2 else f"with its axes in the order {order}"
            yield Form(words, functools.partial(jnp.transpose, axes=order))
    for n in (1, 2):
        for some in itertools.combinations(axes, n):
            if all(shape[axis] > 1 for axis in some):
                along = " and ".join(map(str, some))
                words = f"reversed along {'axis' if n == 1 else 'axes'} {along}"
                yield Form(words, functools.partial(jnp.flip, axis=some))
    for axis, by in itertools.product(axes, (1, -1)):
        if shape[axis] > 2:  # of two, one step is a reversal
            rolled = functools.partial(jnp.roll, shift=by, axis=axis)
            yield Form(f"rolled by one along axis {axis}", rolled)


def _one_more(a: Any) -> Any:
    return a + 1


def _one_less(a: Any) -> Any:
    return a - 1


def _moved(axis: int, by: int, a: Any) -> Any:
    """Moves entries by one, and repeats those at the edge."""
    size = a.shape[axis]
    return jnp.take(a, np.clip(np.arange(size) - by, 0, size - 1), axis)


def _read(case: Case) -> Iterator[Node]:
    """Yields the arguments and the arrays of the program that a value is computed from."""
    yield from filter(_is_argument, case.sources)
    constants = (one for step in case.target.steps for one in step.operands if one.is_constant)
    yield from (one for one in dict.fromkeys(constants) if one.shape)


def _is_argument(node: Node) -> bool:
    return bool(node.name) and not node.is_place and not is_cotangent(node.name)


def _name(node: Node) -> str:
    return f"`{node.name}`" if node.name else f"its constant array of shape {node.shape}"
