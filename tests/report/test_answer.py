"""The answer in words: who is right, who is wrong, and the three numbers."""

import copy
import math

import pytest

from compare.report.answer import figures_of, judged_of
from compare.report.json.write import report_to_dict
from tests.report.test_report import make_report


@pytest.fixture(scope="module")
def agreeing():
    return report_to_dict(make_report())


@pytest.fixture
def report(agreeing):
    return copy.deepcopy(agreeing)


def of(report, i, **counts):
    report["implementations"][i]["certificate"].update(counts)


def said(report, label):
    figure = next(one for one in figures_of(report) if one.label == label)
    return [f"{part.value} {part.of}".strip() for part in figure.parts]


def differing(report, **metrics):
    """Lets all parameters of all pairs differ by so much."""
    for pair in report["pairs"]:
        for parameter in pair["parameters"]:
            parameter.update(metrics)


def test_all_are_right_in_all_samples(report):
    assert list(judged_of(report)) == [
        ("right to rounding", "jax_grad, jax_manual, torch_autograd")
    ]


def test_who_is_silent_near_or_wrong_in_some_samples_is_told_apart(report):
    of(report, 0, certified=5, silent=3)
    of(report, 1, certified=8, near=8)  # near to float64 proves nothing
    of(report, 2, certified=6, failed=2)
    assert list(judged_of(report)) == [
        ("right to rounding", "jax_grad (in 5 of 8 samples)"),
        ("wrong", "torch_autograd (in 2 of 8 samples)"),
        ("not proved", "jax_manual"),
    ]


def test_samples_that_are_not_finite_are_counted_beside(report):
    of(report, 0, certified=5, silent=3, not_finite=3)
    of(report, 1, certified=0, silent=8, not_finite=8)
    of(report, 2, certified=0, failed=0, silent=8, not_finite=7)
    assert list(judged_of(report)) == [
        ("right to rounding", "jax_grad (in 5 of 8 samples)"),
        (
            "not finite",
            "jax_grad (in 3 of 8 samples), jax_manual (in 8 of 8 samples), "
            "torch_autograd (in 7 of 8 samples)",
        ),
        ("not proved", "torch_autograd"),
    ]


def test_who_is_wrong_in_batches_alone_is_not_called_right(report):
    checks = [{"name": "jax_manual", "failed": 2, "batches": 4}]
    report["batches"] = {"implementations": checks, "pairs": []}
    assert list(judged_of(report)) == [
        ("right to rounding", "jax_grad, torch_autograd"),
        ("wrong in batches", "jax_manual (in 2 of 4 batches)"),
    ]


@pytest.mark.parametrize(
    ("relative", "digits"),
    [
        (4.9e-6, "at least 5"),
        (5.1e-6, "at least 4"),
        (0.049, "at least 1"),
        (0.3, "none in some entries"),
        (2.0, "none in some entries"),
        (0.0, "all of them"),
    ],
)
def test_digits_that_agree_are_as_many_as_half_a_unit_allows(report, relative, digits):
    differing(report, max_rel=relative)
    assert said(report, "digits that agree") == [digits]


@pytest.mark.parametrize(
    ("ulp", "words"),
    [
        (1.0, "1 float32 step (ulp)"),
        (1234.0, "1,234 float32 steps (ulp)"),
        (2e9, "over a million float32 steps (ulp)"),
    ],
)
def test_steps_are_counted_up_to_a_million(report, ulp, words):
    differing(report, max_ulp=ulp, max_rel=0.25)
    assert said(report, "largest difference") == [words, "2.5e-01 relative"]


def test_the_same_bits_differ_by_nothing(report):
    differing(report, max_ulp=0.0, max_rel=0.0)
    assert said(report, "largest difference") == ["none"]


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.25, "25 % of what float32 allows"),
        (3e5, "300,000 times what float32 allows"),
        (None, "∞ times what float32 allows"),
    ],
)
def test_what_is_used_of_rounding_is_a_share_or_a_multiple(report, ratio, words):
    report["usage"]["ratio"] = ratio
    assert said(report, "rounding used") == [words]


def test_of_which_samples_the_largest_share_is(report):
    """Where some have bounds, and where it is not what fails."""
    report["usage"] |= {"ratio": 0.25, "is_partial": True}
    of_pairs = [parameter for pair in report["pairs"] for parameter in pair["parameters"]]
    for parameter in of_pairs:
        parameter["bounded_entries"] = 3 * math.prod(parameter["shape"])
    samples = report["pairs"][0]["parameters"][0]["entries"] // math.prod(of_pairs[0]["shape"])
    some = f"25 % of what float32 allows in 3 of {samples} "
    assert said(report, "rounding used") == [f"{some}samples"]
    checks = [{"name": "jax_manual", "failed": 2, "batches": 4}]
    report["batches"] = {"implementations": checks, "pairs": []}
    assert said(report, "rounding used") == [f"{some}single samples"]
    report["usage"]["is_partial"] = False
    assert said(report, "rounding used") == ["25 % of what float32 allows in single samples"]
