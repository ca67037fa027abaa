"""What a user trains, and how."""

import dataclasses
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Training:
    """A model, its loss and its optimizer; copies of them are trained, and none is changed.

    Attributes:
      model: a torch module; or a model of JAX, as `compare_functions` takes it.
      loss: a function of (output, target), in the framework of the model: a batch is (*inputs,
        target). None for a model that takes the whole batch and returns the loss.
      optimizer: a torch optimizer of the parameters of the module, or an optax transformation.
      schedule: a `torch.optim.lr_scheduler` of that optimizer, taken after each step; the schedules
        of optax are in the transformation.
    """

    model: Any
    loss: Callable[..., Any] | None
    optimizer: Any
    schedule: Any = None
