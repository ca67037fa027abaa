import json
import math

import numpy as np
import pytest

from compare.evidence.differences.bounds import BoundRatio
from compare.evidence.differences.metrics import Worst
from compare.evidence.differences.peers import PeerFacts
from compare.evidence.hypotheses.diagnosis import Explanation
from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from compare.pipeline.collect import Evidence
from compare.problem.blocks import block_at
from compare.problem.problem import make_problem
from compare.resume.encoding import decode, encode


def there_and_back(value):
    return decode(json.loads(json.dumps(encode(value), allow_nan=False)))


def test_all_evidence_comes_back():
    problem = make_problem(Config(layer_sizes=(2, 3, 1), samples=5))
    answers = {
        name: IMPLEMENTATIONS[name](problem.params, problem.network, "cpu").evaluate(
            block_at(problem, 0)
        )
        for name in ("jax_grad", "torch_autograd")
    }
    evidence = Evidence(
        problem, list(answers), samples=range(5), layout="in_out", seed=0, witness=2
    )
    evidence.add(evidence.examine(block_at(problem, 0), answers, compiled=False))
    assert there_and_back(evidence.found) == evidence.found


@pytest.mark.parametrize(
    "value",
    [
        Worst(0.1 + 0.2, 3, (1, 2), 5e-324, -0.0),
        Worst(2**64 - 1, 3, (), 1.7976931348623157e308, 1.0),
        BoundRatio("w1", 0.5, 3, (1, 2), 0.5, 4, 0, 2, 1, Worst(1.0, 5, (0, 1), math.inf, 2.0)),
        BoundRatio("w1", math.inf, 3, (), 0.5, 4, 0, shortest="bfloat16"),
        PeerFacts({"torch.allclose": 3}, math.inf, 0.1),
        {"a": Explanation("delta1", None)},
        [None, True, "text", ()],
    ],
)
def test_values_come_back_to_the_bit(value):
    back = there_and_back(value)
    assert back == value
    assert repr(back) == repr(value)


def test_not_a_number_comes_back():
    assert math.isnan(there_and_back(Worst(1.0, 0, (), math.nan, 0.0)).a)


@pytest.mark.parametrize("value", [np.float32(1), np.arange(2), {1, 2}, object(), b"bytes"])
def test_only_evidence_is_written(value):
    with pytest.raises(TypeError, match="expected evidence, got"):
        encode(value)


@pytest.mark.parametrize(
    "value",
    [{"Popen": {"args": "ls"}}, {"Worst": {"values": 1}}, {"a": 1, "b": 2}, {}, {"float": "x"}],
)
def test_only_evidence_is_made(value):
    with pytest.raises((KeyError, TypeError, ValueError)):
        decode(value)
