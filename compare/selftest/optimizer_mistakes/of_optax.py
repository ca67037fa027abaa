"""Mistakes in optimizers of optax, as ports of one of torch: `OPTAX`."""

from typing import Any

import optax
from torch import optim

from compare.selftest.optimizer_mistakes.mistake import Optimizer, OptimizerMistake


def _torch(kind: Any, *args: Any, **options: Any) -> Optimizer:
    return lambda module: kind(module.parameters(), *args, **options)


_ADAM = _torch(optim.Adam)
_ADAMW = _torch(optim.AdamW, weight_decay=0.1)
_L2 = _torch(optim.SGD, 0.1, momentum=0.9, weight_decay=0.1)
_NESTEROV = _torch(optim.SGD, 0.1, momentum=0.9, nesterov=True)
_CLIPPED = optax.chain(optax.clip_by_global_norm(1e-3), optax.sgd(0.1, momentum=0.9))

OPTAX: tuple[OptimizerMistake, ...] = (
    OptimizerMistake(
        "eps_root, optax", _ADAM, optax.adam(1e-3, eps=0.0, eps_root=1e-8), 1, "eps is added inside"
    ),
    OptimizerMistake("another beta, optax", _ADAM, optax.adam(1e-3, b2=0.99), 1, "beta2 is 0.99"),
    OptimizerMistake(
        "rmsprop as it is in optax",
        _torch(optim.RMSprop, 1e-3, alpha=0.9),
        optax.rmsprop(1e-3),
        1,
        "eps is added inside",
    ),
    OptimizerMistake(
        "another decay, optax",
        _ADAMW,
        optax.adamw(1e-3, weight_decay=0.01),
        1,
        "weight_decay is 0.01",
    ),
    OptimizerMistake("no decay, optax", _ADAMW, optax.adam(1e-3), 1, "weights do not decay"),
    OptimizerMistake(
        "coupled decay, optax",
        _ADAMW,
        optax.chain(optax.add_decayed_weights(0.1), optax.adam(1e-3)),
        1,
        "the weight decay is coupled",
    ),
    OptimizerMistake(
        "decoupled decay, optax",
        _L2,
        optax.chain(optax.trace(0.9), optax.add_decayed_weights(0.1), optax.scale(-0.1)),
        1,
        "decay is decoupled",
    ),
    OptimizerMistake(
        "no Nesterov, optax", _NESTEROV, optax.sgd(0.1, momentum=0.9), 1, "is not Nesterov's"
    ),
    OptimizerMistake(
        "ascent, optax", _ADAM, optax.chain(optax.scale_by_adam(), optax.scale(1e-3)), 1, "sign"
    ),
    OptimizerMistake(
        "a sum for a mean, optax",
        _NESTEROV,
        optax.chain(optax.scale(4.0), optax.sgd(0.1, momentum=0.9, nesterov=True)),
        1,
        "a sum over 4 parts",
    ),
    OptimizerMistake(
        "clip by value, optax",
        _CLIPPED,
        optax.chain(optax.clip(1e-3), optax.sgd(0.1, momentum=0.9)),
        1,
        "clipped by value",
    ),
    OptimizerMistake(
        "not clipped, optax", _CLIPPED, optax.sgd(0.1, momentum=0.9), 1, "not clipped"
    ),
)
