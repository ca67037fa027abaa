"""Assertions for test suites: these gradients agree, this kernel is right but for rounding."""

from compare.testing.gradients import assert_gradients_agree
from compare.testing.kernels import assert_within_rounding

__all__ = ["assert_gradients_agree", "assert_within_rounding"]
