"""The fixtures of assertions, which pytest finds once this project is installed."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def assert_gradients_agree(tmp_path: Path) -> Callable[..., Any]:
    """`compare.testing.assert_gradients_agree`, which saves what fails in `tmp_path`."""
    from compare.testing import assert_gradients_agree as assertion  # loads jax

    return functools.partial(assertion, save=tmp_path)


@pytest.fixture
def assert_within_rounding(tmp_path: Path) -> Callable[..., Any]:
    """`compare.testing.assert_within_rounding`, which saves what fails in `tmp_path`."""
    from compare.testing import assert_within_rounding as assertion  # loads jax

    return functools.partial(assertion, save=tmp_path)
