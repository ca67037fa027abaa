"""A program that brings weights of its own, and what it is to a comparison."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from compare.problem.function import Call


@dataclasses.dataclass(frozen=True)
class Model:
    """A model with its weights, as a reference or as a candidate.

    Attributes:
      function: a Flax linen module, what `haiku.transform` or `transform_with_state` returns, or
        any function of JAX that takes (weights, *inputs). Models of Flax nnx and Equinox, and torch
        modules, hold their weights, and need no `Model`.
      weights: what the function takes first: the variables of linen, the params of Haiku, or the
        pair (params, state); any pytree of arrays. None for what holds its weights. A function that
        makes them of the weights of the reference, a dict by name, is a conversion.
      inputs: a function of the arguments that returns those that the model takes, with channels
        last, say; None to find out.
    """

    function: Any
    weights: Any = None
    inputs: Callable[..., Any] | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class JaxModel:
    """A model of a framework of JAX as a function of its weights by their names.

    Attributes:
      kind: what it is, as sentences say it: 'Flax linen', 'Flax nnx', 'Equinox', 'Haiku'.
      parameters: name -> weights that are trained; names have dots, such as 'layers_0.q.kernel'.
      buffers: name -> what is no parameter: statistics of a batch norm, constants.
      call: takes ({name: array} of both, *inputs) and returns (outputs, {buffer: new value}) of
        those that the forward changes. Where a submodule returns an array, there is a `cut`.
    """

    kind: str
    parameters: Mapping[str, np.ndarray]
    buffers: Mapping[str, np.ndarray]
    call: Call
