"""What a program is, as far as a comparison of functions needs to know."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.matching.matching import Matching
from compare.pairing.pairing import Pairing
from compare.problem.function import Arguments, Call, FunctionProblem
from compare.problem.recording import Recording

Loss = Callable[[Any], Any]  # of what a program returns; it returns one number


@dataclasses.dataclass(frozen=True)
class Program:
    """One way to compute a function and its gradients.

    Attributes:
      name: in reports.
      framework: 'jax', 'torch' or 'numpy'; 'stored' of arrays that exist already.
      run: computes it as a problem says, in the dtype of that; under x64 if that is float64.
      device: where it is computed.
      pairing: how its own weights are made of those of the reference; None if it takes these.
      is_same_by_itself: whether it has the outputs of the reference with its own weights, though
        these are others.
      matching: where it has the places of the reference, if it has other names for them.
      called: how it is called with the arguments of the reference, if not as they are.
    """

    name: str
    framework: str
    run: Callable[[FunctionProblem], Recording]
    device: str = "cpu"
    pairing: Pairing | None = None
    is_same_by_itself: bool = False
    matching: Matching | None = None
    called: str = ""

    @property
    def is_stored(self) -> bool:
        """Whether it cannot be computed again, in another dtype say."""
        return self.framework == "stored"


@dataclasses.dataclass(frozen=True)
class Reference:
    """A program whose equations are known.

    Attributes:
      program: that computes it as it is.
      arguments: of it; where it is a module, its weights and buffers are the first one.
      call_in: returns it as a function of JAX that computes in a dtype.
      weights: names of the arguments that are weights of a module.
    """

    program: Program
    arguments: Arguments
    call_in: Callable[[np.dtype], Call]
    weights: tuple[str, ...] = ()
