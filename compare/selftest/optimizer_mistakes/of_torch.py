"""Mistakes in optimizers of torch: `TORCH`."""

from typing import Any

from torch import nn, optim
from torch.optim.lr_scheduler import LambdaLR

from compare.selftest.optimizer_mistakes import by_hand
from compare.selftest.optimizer_mistakes.mistake import Optimizer, OptimizerMistake

_RATES = (1.0, 1.0, 0.5, 0.25)  # of the steps, times lr; the last one for all that follow


def _with(kind: Any, *args: Any, **options: Any) -> Optimizer:
    return lambda module: kind(module.parameters(), *args, **options)


def _without_biases(module: nn.Module) -> optim.Optimizer:
    """Decays all but biases."""
    weights = [one for one in module.parameters() if one.ndim > 1]
    biases = [one for one in module.parameters() if one.ndim == 1]
    groups = [{"params": weights}, {"params": biases, "weight_decay": 0.0}]
    return optim.AdamW(groups, weight_decay=0.1)


def _scheduled(ahead: int) -> Optimizer:
    """Makes SGD whose rate falls, some steps too early."""

    def make(module: nn.Module) -> tuple[optim.Optimizer, LambdaLR]:
        sgd = optim.SGD(module.parameters(), 0.1, momentum=0.9)
        return sgd, LambdaLR(sgd, lambda t: _RATES[min(t + ahead, len(_RATES) - 1)])

    return make


_ADAM = _with(optim.Adam)
_DECAYED = _with(optim.Adam, weight_decay=0.1)
_ADAMW = _with(optim.AdamW, weight_decay=0.1)
_MOMENTUM = _with(optim.SGD, 0.1, momentum=0.9)
_NESTEROV = _with(optim.SGD, 0.1, momentum=0.9, nesterov=True)

TORCH: tuple[OptimizerMistake, ...] = (
    OptimizerMistake(
        "eps inside the root", _ADAM, _with(by_hand.Adam, inside=True), 1, "eps is added inside"
    ),
    OptimizerMistake(
        "eps before the correction",
        _ADAM,
        _with(by_hand.Adam, early=True),
        1,
        "eps is added before",
    ),
    OptimizerMistake("another eps", _ADAM, _with(optim.Adam, eps=1e-5), 1, "eps is 1e-05"),
    OptimizerMistake(
        "no bias correction", _ADAM, _with(by_hand.Adam, corrects=False), 1, "is not corrected"
    ),
    OptimizerMistake("t + 1", _ADAM, _with(by_hand.Adam, ahead=1), 1, "beta^(t + 1)"),
    OptimizerMistake("betas swapped", _ADAM, _with(optim.Adam, betas=(0.999, 0.9)), 1, "swapped"),
    OptimizerMistake(
        "another beta", _ADAM, _with(optim.Adam, betas=(0.9, 0.99)), 1, "beta2 is 0.99"
    ),
    OptimizerMistake(
        "amsgrad",
        _with(optim.Adam, betas=(0.9, 0.9)),
        _with(optim.Adam, betas=(0.9, 0.9), amsgrad=True),
        2,
        "amsgrad",
    ),
    OptimizerMistake("Adam for AdamW", _ADAMW, _DECAYED, 1, "the weight decay is coupled"),
    OptimizerMistake("AdamW for Adam", _DECAYED, _ADAMW, 1, "decay is decoupled"),
    OptimizerMistake("no decay", _ADAMW, _ADAM, 1, "weights do not decay"),
    OptimizerMistake(
        "decay without the rate", _ADAMW, _with(by_hand.Adam, decay=0.1), 1, "is not multiplied by"
    ),
    OptimizerMistake("biases decay", _without_biases, _ADAMW, 1, "as others do"),
    OptimizerMistake("no Nesterov", _NESTEROV, _MOMENTUM, 1, "is not Nesterov's"),
    OptimizerMistake(
        "dampened", _MOMENTUM, _with(optim.SGD, 0.1, momentum=0.9, dampening=0.5), 2, "dampening is"
    ),
    OptimizerMistake(
        "an average for a momentum", _MOMENTUM, _with(by_hand.Momentum), 1, "average of gradients"
    ),
    OptimizerMistake(
        "another momentum", _MOMENTUM, _with(optim.SGD, 0.1, momentum=0.99), 2, "momentum is 0.99"
    ),
    OptimizerMistake("no momentum", _MOMENTUM, _with(optim.SGD, 0.1), 2, "no momentum"),
    OptimizerMistake(
        "another rate", _ADAM, _with(optim.Adam, 1e-2), 1, "learning rate is 10 times"
    ),
    OptimizerMistake(
        "ascent", _MOMENTUM, _with(optim.SGD, 0.1, momentum=0.9, maximize=True), 1, "sign"
    ),
    OptimizerMistake(
        "a schedule one step ahead", _scheduled(0), _scheduled(1), 2, "one step ahead"
    ),
    OptimizerMistake("no schedule", _scheduled(0), _MOMENTUM, 3, "as without a schedule"),
)
