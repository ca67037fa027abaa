"""An optimizer of torch, with a copy of the module whose parameters it updates."""

import copy
import warnings
from typing import Any, TypeVar

import numpy as np
import torch

from compare.errors import UsageError, shown
from compare.implementations.user.sandbox import contained, errors_told
from compare.steps.optimizers.base import Snapshot, Update
from compare.steps.rules.step import Arrays
from compare.steps.rules.torch import read_torch, slots_of, torch_state
from compare.steps.rules.update import update
from torch_ref.convert import to_array, to_tensor

T = TypeVar("T")


class TorchOptimizer:
    """An optimizer of torch."""

    def __init__(self, where: str, module: torch.nn.Module, optimizer: Any, schedule: Any) -> None:
        """Copies all three together, so that they go on to belong to each other.

        Args:
          where: names the training, as errors begin.
          module: that is trained.
          optimizer: of its parameters.
          schedule: of the optimizer; None for none.

        Raises:
          UsageError: for what is no optimizer of these parameters, and no schedule of that.
        """
        _check(where, module, optimizer, schedule)
        self._where = where
        with errors_told(f"{where}: optimizer: cannot be copied", passes=UsageError), contained():
            copies = _copied((module, optimizer, schedule), optimizer)
        own, self._optimizer, self._schedule = copies
        self._named = dict(own.named_parameters())
        self._count = 0
        trained = {id(one) for group in self._optimizer.param_groups for one in group["params"]}
        self.trained = tuple(
            name for name, one in self._named.items() if id(one) in trained and one.requires_grad
        )

    @property
    def snapshot(self) -> Snapshot:
        """What it has now."""
        weights = {name: _array(self._named[name]) for name in self.trained}
        return Snapshot(weights, torch_state(self._optimizer, self._named), self._count)

    @property
    def offsets(self) -> Arrays:
        """Nothing is added to its weights."""
        return {}

    @property
    def update(self) -> Update:
        """How it takes its next step."""
        rules = read_torch(self._optimizer, self._named)

        def call(known: Any, *trees: Any) -> Any:
            del known
            return update(rules, *trees)

        return Update(call, tuple(rules.items()), rules=rules)

    def step(self, gradients: Arrays) -> None:
        """Takes a step."""
        for name in self.trained:
            one = self._named[name]
            one.grad = to_tensor(gradients[name], one.device).to(one.dtype)
        with errors_told(f"{self._where}: optimizer: raised", passes=UsageError), contained():
            self._optimizer.step()
        if self._schedule is not None:
            with warnings.catch_warnings():  # since it does not see the steps of a copy
                warnings.simplefilter("ignore", UserWarning)
                self._schedule.step()
        self._count += 1

    def start_from(self, other: Snapshot) -> None:
        """Takes the weights and the state of another run, as far as it has such a state."""
        with torch.no_grad():
            for name in self.trained:
                self._named[name].copy_(to_tensor(other.weights[name]))
                for slot, held in slots_of(self._optimizer, self._named[name]).items():
                    if slot != "count" and name in other.state.get(slot, {}):
                        held.copy_(to_tensor(other.state[slot][name]))
        self._count = other.count

    def in_dtype(self, dtype: np.dtype) -> "TorchOptimizer":
        """Returns one that begins anew, in a dtype."""
        return self.copied(dtype)

    def copied(self, dtype: np.dtype) -> "TorchOptimizer":
        """Returns a copy in a dtype, which goes on from where this one is."""
        other, own = _copied(self, self._optimizer), to_tensor(np.zeros((), dtype)).dtype
        for one in other._named.values():
            if one.is_floating_point():
                one.data = one.data.to(own)
        for state in other._optimizer.state.values():
            for key, held in state.items():
                if torch.is_tensor(held) and key != "step" and held.is_floating_point():
                    state[key] = held.to(own)
        return other


def _copied(whole: T, optimizer: torch.optim.Optimizer) -> T:
    """Copies what an optimizer belongs to, with all its attributes: torch's own copies lose some.

    Args:
      whole: in which the optimizer is.
      optimizer: the attributes of which are copied.
    """
    memo: dict[int, Any] = {}
    other = copy.deepcopy(whole, memo)
    own = memo[id(optimizer)]
    for key, value in vars(optimizer).items():
        if key not in vars(own) and not callable(value):  # as `step` is, once it is scheduled
            setattr(own, key, copy.deepcopy(value, memo))
    return other


def _array(tensor: torch.Tensor) -> np.ndarray:
    return np.array(to_array(tensor))


def _check(where: str, module: torch.nn.Module, optimizer: Any, schedule: Any) -> None:
    if not isinstance(optimizer, torch.optim.Optimizer):
        of = "the class " if isinstance(optimizer, type) else ""
        raise UsageError(
            f"{where}: optimizer: expected one of torch, made of model.parameters(), for a torch "
            f"module, got {of}{shown(optimizer)}"
        )
    known = {id(one) for one in module.parameters()}
    held = [one for group in optimizer.param_groups for one in group["params"]]
    if not all(id(one) in known for one in held):
        raise UsageError(
            f"{where}: optimizer: expected one of the parameters of the model, got one of others; "
            "make it of model.parameters()"
        )
    if schedule is None:
        return
    if getattr(schedule, "optimizer", None) is not optimizer:
        raise UsageError(
            f"{where}: schedule: expected a torch.optim.lr_scheduler of its optimizer, got "
            f"{shown(schedule)}"
        )
    if isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau):
        raise UsageError(
            f"{where}: schedule: expected one that depends on the step alone, got "
            "ReduceLROnPlateau, which asks for a metric"
        )
