"""What a way to a gradient is, and the framework that it computes on."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.formats.reading import Choice
from compare.problem.answers import Answer
from compare.problem.blocks import Block
from jaxmlp.base import Batch, Intermediates

Factors = Sequence[tuple[np.ndarray, np.ndarray]]


class Settings(NamedTuple):
    """What both frameworks are told."""

    matmul_precision: str = "highest"  # or 'high', or 'default': as each has it
    deterministic: bool = False  # whether only operations that repeat to the bit are allowed


PRECISE = Settings()


class Engine(NamedTuple):
    """A framework on a device, to be asked how it computes."""

    framework: str  # 'jax' or 'torch'
    device: str  # as the framework names it
    multiply: Callable[[Factors], list[np.ndarray]]  # as it does in gradients: see `probe`
    peak_bytes: Callable[[], int | None]  # of device memory so far; None where nobody counts


class Implementation(NamedTuple):
    """One way to per-sample gradients of fixed weights; NumPy arrays in and out."""

    name: str
    device: str  # as the framework names it
    evaluate: Callable[[Block], Answer]
    intermediates: Callable[[Block], Intermediates] | None = None
    formula: str | None = None  # a key of `formulas.FORMULAS`; None if nobody knows
    dump_stem: str | None = None  # of the names of its files; None for its own name
    source: str | None = None  # of gradients that a user brings: a file, a function
    at_once: int = 1  # blocks that it can evaluate at the same time, from as many threads
    engine: Engine | None = None  # the same object for all that share it
    can_recompute: bool = True  # False for gradients that are stored
    repeat_of: str | None = None  # the name of the implementation that this one runs again
    read: Choice | None = None  # how gradients that exist already were read
    # (first sample, batch, 'mean' or 'sum') -> the gradient of the reduced loss, leaves [1, ...]
    reduced: Callable[[int, Batch, str], Answer] | None = None
    answers_of: str = "samples"  # what its answers have an axis of; or 'batches', or 'all' samples

    @property
    def file_stem(self) -> str:
        """What the names of its files begin with: on cuda:0 that is without the colon."""
        return (self.dump_stem or self.name).replace(":", "")


class Computation(NamedTuple):
    """How an implementation computes, as far as rounding bounds depend on it."""

    formula: str | None = None  # None where nobody knows: any that textbooks have
    arithmetic: Arithmetic | None = None  # as its engine was measured; None where nobody knows

    @property
    def is_known(self) -> bool:
        """Whether it is known by which formula it computes."""
        return self.formula is not None

    def arithmetic_in(self, dtype: np.dtype) -> Arithmetic:
        """Returns the arithmetic that made results of a dtype, plain unless it was measured."""
        if self.arithmetic is None or self.arithmetic.dtype != dtype:
            return plain_arithmetic(dtype)
        return self.arithmetic


NOT_HELD = "does not hold the bits it was given"


def check_bits(name: str, given: np.ndarray, held: np.ndarray) -> None:
    """Checks that a framework has the numbers it was given.

    Raises:
      RuntimeError: if it has not.
    """
    if given.dtype != held.dtype or given.tobytes() != held.tobytes():
        raise RuntimeError(f"{name} {NOT_HELD}: {given.dtype} became {held.dtype}")
