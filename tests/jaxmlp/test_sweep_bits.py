"""The bits of a sample are its own, whatever it is computed with."""

import jax
import pytest

from jaxmlp import ACTIVATIONS, sweep
from tests.support.processes import run_on
from tests.support.sweeps import SMALL, both, gathered, layouts, make, rows, same_bits


def first(evaluation, n, start=0):
    return jax.tree.map(lambda leaf: leaf[start:n], evaluation)


@pytest.mark.isa
@both
@layouts
def test_bits_do_not_depend_on_how_many_samples_there_are(module, sample_axis):
    params, batch = make(100)
    plan = {**SMALL, "sample_axis": sample_axis}
    whole = gathered(module, params, batch, **plan)
    for n in (1, 7, 8, 9, 23, 24, 25, 99):
        assert same_bits(first(whole, n), gathered(module, params, rows(batch, 0, n), **plan)), n


@both
@layouts
def test_bits_do_not_depend_on_where_it_starts(module, sample_axis):
    params, batch = make(100)
    plan = {**SMALL, "sample_axis": sample_axis}
    whole = gathered(module, params, batch, **plan)
    for start in (8, 24, 40, 96):
        found = gathered(module, params, batch, start=start, **plan)
        assert same_bits(first(whole, 100, start), found), start


@pytest.mark.usefixtures("side_by_side")
@pytest.mark.isa
@both
@layouts
def test_bits_do_not_depend_on_the_chunk(module, sample_axis):
    params, batch = make(100)
    found = [
        gathered(module, params, batch, sample_axis=sample_axis, block=8, chunk=chunk)
        for chunk in (16, 24, 48, 800)
    ]
    assert all(same_bits(found[0], other) for other in found[1:])


@pytest.mark.isa
@both
@layouts
def test_a_block_alone_has_the_bits_of_one_among_others(module, sample_axis):
    """Chunks of other sizes, in new memory or in old, are other programs: each has a loop."""
    params, batch = make(200)
    activations = (ACTIVATIONS["gelu_erf"], ACTIVATIONS["sigmoid"])

    def compute(n, previous=()):
        return sweep.compute(
            module.per_sample_gradients,
            params,
            rows(batch, 0, n),
            activation=activations,
            plan=sweep.Plan(sample_axis, 64, 256),
            previous=previous,
        )

    among = first(sweep.gather(compute(200)), 50)
    alone = compute(50)
    assert same_bits(among, sweep.gather(alone))
    assert same_bits(among, sweep.gather(compute(50, previous=alone)))


BITS = """
import hashlib
import jax
from jaxmlp import ACTIVATIONS, autodiff, backprop, sweep
from tests.support.sweeps import make, rows
devices = jax.local_devices()
sizes = (2, 10, 10, 1)
for module in (autodiff, backprop):
    for axis in (0, -1):
        for chunk in (64, 256):
            params, batch = make(1000)
            plan = sweep.plan_for(sizes, sample_axis=axis, block=64, chunk=chunk)
            found = sweep.gather(sweep.compute(
                module.per_sample_gradients, params, batch,
                activation=ACTIVATIONS["sigmoid"], plan=plan))
            digest = hashlib.sha256()
            for leaf in jax.tree.leaves(found):
                digest.update(leaf.tobytes())
            print(module.__name__, axis, chunk, digest.hexdigest())
print(len(devices))
"""


def test_bits_do_not_depend_on_the_number_of_devices(capsys):
    exec(BITS, {})
    one = capsys.readouterr().out.splitlines()
    two, four = (run_on(devices, BITS).splitlines() for devices in (2, 4))
    assert [lines.pop() for lines in (one, two, four)] == ["1", "2", "4"]
    assert len(one) == 8
    assert two == one
    assert four == one
