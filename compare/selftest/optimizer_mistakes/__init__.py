"""Mistakes that people make with optimizers, and the step at which each acts: `MISTAKES`."""

from compare.selftest.optimizer_mistakes.mistake import OptimizerMistake
from compare.selftest.optimizer_mistakes.of_optax import OPTAX
from compare.selftest.optimizer_mistakes.of_torch import TORCH

__all__ = ["MISTAKES", "OptimizerMistake"]

MISTAKES: tuple[OptimizerMistake, ...] = (*TORCH, *OPTAX)
