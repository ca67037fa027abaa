"""`python -m compare.run --gradients=FILE` with prints that show too little, and enough."""

import numpy as np
import pytest
import torch

from compare.problem.labels import default_labels
from compare.selftest.backward import backward, forward
from jaxmlp import Batch, Layer, init_params
from tests.support.runs import compare, report

F32 = np.dtype(np.float32)


def by_name(layers):
    return {
        f"{kind}{i}": leaf
        for i, layer in enumerate(layers, start=1)
        for kind, leaf in zip("wb", layer, strict=True)
    }


def network(sizes=(2, 10, 10, 1), activation="sigmoid", n=1):
    """Weights, samples and labels, and the right gradients by name."""
    rng = np.random.default_rng(1)
    params = init_params(rng, sizes, dtype=F32)
    x = rng.random((n, sizes[0])).astype(F32)
    if activation == "relu":
        params = (params[0]._replace(b=np.full(sizes[1], -100, F32)), *params[1:])
    batch = Batch(x, default_labels(x, sizes[-1]))
    return (params, x, activation), by_name(backward(forward(params, batch, activation)))


def text(grads, spec):
    def write(value):
        return format(value, spec)

    with np.printoptions(threshold=10**9, linewidth=10**9, formatter={"float": write}):
        return "\n".join(f"{name}\n{leaf}" for name, leaf in grads.items())


@pytest.fixture
def run(tmp_path, capsys):
    """Judges gradients, given as a print or as arrays; returns the status and the verdict."""

    def judge(problem, gradients):
        params, x, activation = problem
        np.savez(tmp_path / "w.npz", **by_name(params))
        np.save(tmp_path / "x.npy", x)
        if isinstance(gradients, str):
            file = tmp_path / "mine.txt"
            file.write_text(gradients)
        else:
            file = tmp_path / "mine.npz"
            np.savez(file, **gradients)
        files = (f"--params={tmp_path}/w.npz", f"--data={tmp_path}/x.npy", f"--gradients={file}")
        status = compare(tmp_path, *files, f"--activation={activation}", "--witness=0")
        said = " ".join(capsys.readouterr().out.split())
        return status, said[
            said.rindex({0: " agree: ", 2: " disagree: ", 3: " undecided: "}[status]) :
        ]

    return judge


def test_a_print_that_hides_whole_parameters_is_undecided(run, tmp_path):
    problem, right = network()
    wrong = {**right, "w1": -right["w1"], "b1": -right["b1"]}
    for given in (right, wrong):
        status, said = run(problem, text(given, ".2f"))
        assert status == 3
        assert (
            "w1 b1 w2 b2 of mine cannot be judged from this print: 65 of 151 numbers print" in said
        )
        assert " as 0, and 11 are known to two digits or more; print more digits" in said
        (mine,) = (one for one in report(tmp_path)["implementations"] if one["name"] == "mine")
        assert mine["certificate"]["printed"]["hidden"] == ["w1", "b1", "w2", "b2"]
        assert mine["certificate"]["silent"] == 1
    assert run(problem, text(right, ".9e"))[0] == 0
    assert run(problem, text(wrong, ".9e"))[0] == 2
    assert run(problem, text({name: 0 * leaf for name, leaf in right.items()}, ".2f"))[0] == 2


def test_a_print_without_decimals_is_undecided(run):
    problem, right = network()
    with np.printoptions(precision=0, suppress=True):
        whole = "\n".join(f"{name} {leaf}" for name, leaf in right.items())
    assert ".]" in whole
    status, said = run(problem, whole)
    assert status == 3
    assert "cannot be judged from this print" in said
    assert run(problem, whole.replace("b3 [[-0.]]", "b3 [[-1.]]"))[0] == 2


def test_zeros_of_a_dead_layer_are_known_where_they_are_printed_in_full(run):
    problem, right = network((2, 3, 1), "relu")
    assert not right["w1"].any()
    assert run(problem, right)[0] == 0
    assert run(problem, text(right, ".9e"))[0] == 0
    status, said = run(problem, text(right, ".9f"))
    assert status == 3
    assert "w1 b1 w2 of mine cannot be judged" in said
    by_torch = "\n".join(f"{name} {torch.from_numpy(leaf)}" for name, leaf in right.items())
    assert "w1 tensor([[[0., 0., 0.]" in by_torch
    assert run(problem, by_torch)[0] == 0
    assert run(problem, text({**right, "b1": right["b1"] + 0.01}, ".9f"))[0] == 2


def test_a_sample_that_is_known_speaks_for_the_network(run):
    params = (Layer(np.ones((2, 3), F32), -np.ones(3, F32)), *network((2, 3, 1))[0][0][1:])
    x = np.array([[1, 1], [0.1, 0.1]], F32)  # the hidden layer of sample 1 is dead
    grads = by_name(backward(forward(params, Batch(x, default_labels(x, 1)), "relu")))
    status, said = run((params, x, "relu"), text(grads, ".6f"))
    assert status == 0
    assert "nothing can be said of 1 of 2 samples of mine" in said


def test_a_number_that_prints_without_a_point_may_have_been_rounded(run):
    x = np.full((1, 1), 0.7, F32)
    params = (Layer(np.ones((1, 1), F32), np.full(1, 0.775, F32)),)  # delta is 1.97, 2 as %.2g
    right = by_name(backward(forward(params, Batch(x, default_labels(x, 1)), "identity")))
    problem = (params, x, "identity")
    assert "b1\n[[2]]" in text(right, ".2g")
    assert run(problem, text(right, ".2g"))[0] == 3
    assert run(problem, text(right, ".9g"))[0] == 0
    assert run(problem, text({**right, "b1": right["b1"] + 1}, ".2g"))[0] == 2
