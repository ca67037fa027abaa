"""Optimizers of torch as people write them, with one thing that may be wrong at a time."""

from collections.abc import Callable, Iterable
from typing import Any

import torch

Parameters = Iterable[torch.Tensor]


class Adam(torch.optim.Optimizer):
    """Adam by hand."""

    def __init__(
        self,
        params: Parameters,
        *,
        inside: bool = False,
        corrects: bool = True,
        ahead: int = 0,
        decay: float = 0.0,
        early: bool = False,
    ) -> None:
        """Sets what may be wrong.

        Args:
          params: as of any optimizer.
          inside: whether eps is added inside the root.
          corrects: whether averages are divided by 1 - beta^t.
          ahead: is added to t.
          decay: of the weights, by itself and not times the learning rate.
          early: whether eps is added before the root is corrected.
        """
        options = {"inside": inside, "corrects": corrects, "ahead": ahead}
        super().__init__(params, {"lr": 1e-3, "decay": decay, "early": early, **options})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:
        """Takes a step."""
        del closure
        for group in self.param_groups:
            for one in group["params"]:
                self._update(one, group)

    def _update(self, one: torch.Tensor, group: dict[str, Any]) -> None:
        state, gradient = self.state[one], one.grad
        if not state:
            state.update(step=0, exp_avg=torch.zeros_like(one), exp_avg_sq=torch.zeros_like(one))
        state["step"] += 1
        m, v, t = state["exp_avg"], state["exp_avg_sq"], state["step"] + group["ahead"]
        m.mul_(0.9).add_(0.1 * gradient)
        v.mul_(0.999).add_(0.001 * gradient**2)
        first, second = (1 - 0.9**t, 1 - 0.999**t) if group["corrects"] else (1.0, 1.0)
        if group["inside"]:
            root = (v / second + 1e-8).sqrt()
        elif group["early"]:
            root = (v.sqrt() + 1e-8) / second**0.5
        else:
            root = (v / second).sqrt() + 1e-8
        one.mul_(1 - group["decay"]).sub_(group["lr"] * (m / first) / root)


class Momentum(torch.optim.Optimizer):
    """SGD by hand, with an average of gradients in the place of a momentum."""

    def __init__(self, params: Parameters) -> None:
        super().__init__(params, {"lr": 0.1})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:
        """Takes a step."""
        del closure
        for group in self.param_groups:
            for one in group["params"]:
                state = self.state[one]
                b = state.setdefault("momentum_buffer", torch.zeros_like(one))
                b.mul_(0.9).add_(0.1 * one.grad)
                one.sub_(group["lr"] * b)
