"""The certificate rule by rule."""

import functools
import itertools

import numpy as np
import pytest

from compare.evidence.certificate.certificate import certify
from compare.evidence.certificate.certificate import merge as merge_certificates
from compare.evidence.certificate.checks import check_gradients
from compare.evidence.certificate.rule_summary import RuleSummary, merge, places, summarise_rules
from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from compare.problem.blocks import block_at
from compare.problem.problem import make_problem
from jaxmlp import Layer
from tests.support.cases import case_of

# A product of n terms in float64, summed in another order, moves by at most 2 n 2^-53 of the sum of
# their magnitudes; a rule allows n 2^-24 of that, and reads two products at most. What it allows is
# itself a sum of few terms, all positive.
OTHER_SHAPE = {"abs": 2 * 2 * 2.0**-53 / 2.0**-24, "rel": 64 * 2.0**-53}
SIZES = {"none_hidden": (2, 1), "one_hidden": (2, 3, 1), "three_hidden": (2, 4, 3, 2, 2)}


def answered(sizes, samples=6):
    problem = make_problem(Config(layer_sizes=sizes, samples=samples))
    block = block_at(problem, 0)
    one = IMPLEMENTATIONS["jax_manual"](problem.params, problem.network, "cpu")
    return problem, block, one.evaluate(block).grads


def certificate(problem, rows, block, grads, **options):
    taken = tuple(Layer(w[rows], b[rows]) for w, b in grads)
    batch = block.batch.x[rows], block.batch.y[rows]
    return certify("mine", case_of(problem.params, batch, taken, "sigmoid"), **options)


@pytest.mark.parametrize("name", SIZES)
def test_every_check_has_its_place(name):
    problem, block, grads = answered(SIZES[name])
    case = case_of(problem.params, block.batch, grads, "sigmoid").wide()
    checks = check_gradients(case).checks
    assert [(one.rule, one.parameter) for one in checks] == places(len(grads))


@pytest.mark.isa
@pytest.mark.parametrize("compiled", [False, True])
def test_the_largest_of_all_rules_is_the_tightest(compiled):
    problem, block, grads = answered((2, 4, 3, 1))
    found = certificate(problem, slice(None), block, grads, compiled=compiled)
    assert max(one.ratio for one in found.rules) == pytest.approx(found.worst_ratio)
    assert not any(one.failed for one in found.rules)


def test_a_mistake_breaks_its_own_rule_in_the_samples_that_have_it():
    problem, block, grads = answered((2, 4, 3, 1))
    wrong = tuple(Layer(np.array(w), np.array(b)) for w, b in grads)
    wrong[0].b[1:4] *= 2
    wrong[0].w[1:4] *= 2
    found = certificate(problem, slice(None), block, wrong)
    broken = {(one.rule, one.parameter): one.failed for one in found.rules if one.failed}
    assert broken == {("chain", "b1"): 3}


def test_samples_that_are_not_finite_count_nowhere():
    ratios = np.array([[0.5, np.inf], [2.0, 3.0], [0.0, 9.0]])
    found = summarise_rules(ratios, np.array([True, False]), layers=1)
    assert [one.ratio for one in found] == [0.5, 2.0, 0.0]
    assert [one.failed for one in found] == [0, 1, 0]


@pytest.mark.isa
def test_blocks_merge_in_any_order():
    problem, block, right = answered((2, 4, 3, 1))
    grads = tuple(Layer(np.array(w), np.array(b)) for w, b in right)
    grads[1].b[1::2] *= 3
    parts = [certificate(problem, slice(i, i + 2), block, grads) for i in (0, 2, 4)]
    expected = tuple(
        each[0]._replace(ratio=max(one.ratio for one in each), failed=sum(o.failed for o in each))
        for each in zip(*(part.rules for part in parts), strict=True)
    )
    assert max(one.failed for one in expected) == 3
    for order in itertools.permutations(parts):
        assert functools.reduce(merge_certificates, order).rules == expected
    whole = certificate(problem, slice(None), block, grads).rules
    assert [one.failed for one in whole] == [one.failed for one in expected]
    for one, other in zip(whole, expected, strict=True):
        assert one.ratio == pytest.approx(other.ratio, **OTHER_SHAPE)
    one = (RuleSummary("input", "w1", 0.5, 0),)
    assert merge(one, ()) == merge((), one) == one
