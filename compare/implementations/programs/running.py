"""A user's program while it runs: kept to itself, under settings of ours, with nothing random."""

import contextlib
import dataclasses
import functools
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.implementations.base import PRECISE
from compare.implementations.jax import jax_settings
from compare.implementations.programs.base import Program
from compare.implementations.user.sandbox import contained, errors_told
from compare.problem.function import FunctionProblem
from compare.problem.recording import Recording


def guarded(program: Program) -> Program:
    """Returns a program whose errors are told, and which leaves nothing behind."""

    def run(problem: FunctionProblem) -> Recording:
        told = errors_told(f"{program.name}: raised in {problem.dtype.name}", passes=UsageError)
        with told, undisturbed(program.name), jax_settings(problem.dtype), _torch_settings():
            return program.run(problem)

    return dataclasses.replace(program, run=run)


@contextlib.contextmanager
def undisturbed(where: str) -> Iterator[None]:
    """Keeps generators of random numbers as they are around a user's code.

    Args:
      where: names the code, as errors begin.

    Raises:
      UsageError: if it has drawn from one, so that no two runs need compute the same.
    """
    before = list(_generators())
    drawn: list[str] = []
    try:
        with contained():
            yield
    finally:
        for then, now in zip(before, _generators(), strict=False):
            if then.state != now.state:
                drawn.append(then.name)
                then.restore()
    if drawn:
        raise UsageError(
            f"{where}: expected a program that computes the same whenever it runs, got one that "
            f"draws from the random numbers of {drawn[0]}; take dropout out by .eval(), or pass a "
            "key or what is drawn as an argument"
        )


class _Generator(NamedTuple):
    """A generator that a program may draw from without naming it."""

    name: str
    state: Any
    restore: Callable[[], None]


def _generators() -> Iterator[_Generator]:
    """Yields those that there are, torch's last, since torch may come to be loaded meanwhile."""
    own = random.getstate()
    yield _Generator("Python", own, lambda: random.setstate(own))
    old = np.random.get_state(legacy=False)
    keys, at = old["state"]["key"].tobytes(), old["state"]["pos"]
    yield _Generator("NumPy", (keys, at), functools.partial(np.random.set_state, old))
    torch = sys.modules.get("torch")
    if torch is not None:
        state = torch.get_rng_state()
        restore = functools.partial(torch.set_rng_state, state)
        yield _Generator("torch", state.numpy().tobytes(), restore)
        for i in range(torch.cuda.device_count() * torch.cuda.is_initialized()):
            state = torch.cuda.get_rng_state(i)
            restore = functools.partial(torch.cuda.set_rng_state, state, i)
            yield _Generator(f"torch on cuda:{i}", state.numpy().tobytes(), restore)


def _torch_settings() -> contextlib.AbstractContextManager[Any]:
    if "torch" in sys.modules:
        from compare.implementations.torch_settings import torch_settings

        return torch_settings(PRECISE)
    return contextlib.nullcontext()
