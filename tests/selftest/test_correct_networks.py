"""Random correct networks: what is tried, what alarms, and what an interrupted trial says."""

import numpy as np
import pytest

from compare.implementations.reduced import reducing
from compare.problem.answers import of_one_batch
from compare.problem.batches import Reduction
from compare.problem.network import Network
from compare.selftest import __main__ as selftest
from compare.selftest import correct_networks
from compare.selftest.correct_networks import try_network
from compare.selftest.random_networks import KINDS, Program, draw_network, draw_program
from compare.selftest.tally import Tally
from jaxmlp.base import Layer

F32, SMALL = np.dtype(np.float32), Network((2, 3, 1), ("tanh",))


def test_it_says_what_was_tried(capsys):
    few = ["--correct_networks=6", "--seed=48"]  # of one small program
    assert selftest.main(["compare.selftest", *few]) == 0
    printed = capsys.readouterr().out
    assert "6 networks in float32, of 1 program:" in printed
    for kind in ("float64", "bfloat16", "float16", "float32 with TF32 products"):
        assert f"1 networks in {kind}, of 1 program:" in printed
    assert "batches: right 24, failed 0, doubtful 0, " in printed
    for what in ("ends", "penalties", "biases", "activations", "reductions", "batches"):
        assert f"\n{what}: " in printed
    assert printed.endswith("\nfalse alarms: 0\n")


def wrong(one, reduction):
    """An implementation whose bias gradients are the mean where the sum is asked for."""

    def mistaken(start, batch, kind):
        right = one.reduced(start, batch, kind).grads
        return of_one_batch(tuple(Layer(w[0], b[0] / len(batch.x)) for w, b in right))

    return reducing(one._replace(reduced=mistaken), reduction)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_wrong_batch_is_an_alarm(monkeypatch, is_first):
    program = Program(SMALL, F32, Reduction("sum", 4))
    network, tally = draw_network(np.random.default_rng(0), program), Tally()
    how = {"reduction": program.reduction, "is_first": is_first}
    assert list(try_network(network, KINDS[0], tally, np.random.default_rng(0), **how)) == []
    monkeypatch.setattr(correct_networks, "reducing", wrong)
    said = list(try_network(network, KINDS[0], tally, np.random.default_rng(0), **how))
    assert len(said) == tally.alarms == 4
    assert said[0].startswith("dL/db2 and dL/db1 of jax_grad are the mean over the batch where the")


def test_an_interrupted_trial_prints_what_came_out_so_far(monkeypatch, capsys):
    came = iter([["is off"], []])

    def tried(*_, **__):
        yield from next(came, ())
        if next(came, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(correct_networks, "try_network", tried)
    with pytest.raises(KeyboardInterrupt):
        selftest.main(["compare.selftest", "--correct_networks=1000", "--seed=3"])
    printed = capsys.readouterr().out
    assert printed.startswith("--seed=3, program 0, weights 0: ")
    assert ", float32: is off\n" in printed
    assert "1 networks in float32" in printed
    assert "\nends: " in printed


def test_activations_are_alike_in_about_half_of_the_networks_and_mixed_in_the_others():
    drawn = [draw_program(np.random.default_rng([0, i]), F32).network for i in range(400)]
    several = [one.activations for one in drawn if len(one.activations) > 1]
    assert 0.4 < sum(len(set(one)) == 1 for one in several) / len(several) < 0.7
    assert len({name for one in drawn for name in one.activations}) == 19
    assert {one.n_layers for one in drawn} == set(range(1, 14))
    assert all(len(one.activations) == len(one.layer_sizes) - 2 for one in drawn)


def test_a_program_can_be_drawn_again_by_its_seed_and_number():
    one, other = (draw_program(np.random.default_rng([5, 7]), F32) for _ in range(2))
    assert one == other
