"""Mistakes planted in ports: each is wrong where it says, in the forward or the backward pass."""

import jax
import numpy as np
import pytest
import torch

from compare.selftest.everyday.evaluation import jax_as_it_comes
from compare.selftest.port_mistakes import MISTAKES
from compare.selftest.ports import PORTS
from tests.support.ports import in_float64, value_and_slopes

QUICK = [mistake for mistake in MISTAKES if mistake.port.startswith("mlp")]
SHOWS = 2.0**-20  # of the largest entry: beyond what rounding in float32 explains
BY_NAME = {port.name: port for port in PORTS}


def distance(right, wrong):
    """The largest difference, relative to the largest entry."""
    away = np.asarray(right, np.float64) - np.asarray(wrong, np.float64)
    return np.max(np.abs(away)) / np.max(np.abs(right))


def differences(mistake):
    """How far outputs and gradients are from those of the port that is right."""
    port = BY_NAME[mistake.port]
    built = port.network.build(1).cast(torch.float64)
    with jax.enable_x64(True), jax_as_it_comes():
        state, inputs = in_float64(built, port)
        names = [name for name, _ in built.module.named_parameters()]
        right, slopes = value_and_slopes(port.make, state, names, inputs)
        wrong, others = value_and_slopes(mistake.make, state, names, inputs)
    away = [distance(one, others[name]) for name, one in slopes.items() if np.abs(one).max() > 1e-9]
    return distance(right, wrong), max(away)


@pytest.mark.parametrize("mistake", QUICK[::4], ids=lambda mistake: mistake.name)
def test_a_mistake_shows_where_it_says(mistake):
    away, slopes_away = differences(mistake)
    if mistake.direction in ("forward", "weights"):
        assert away > SHOWS
    else:
        assert away <= 1e-12
        assert slopes_away > SHOWS


def test_there_are_as_many_as_promised():
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) >= 60
    assert {mistake.port for mistake in MISTAKES} == set(BY_NAME)
