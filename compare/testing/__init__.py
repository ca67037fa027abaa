"""Assertions for test suites: these gradients agree."""

from compare.testing.gradients import assert_gradients_agree

__all__ = ["assert_gradients_agree"]
