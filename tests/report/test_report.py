import dataclasses
import functools
import json
import re

import jsonschema
import numpy as np
import pytest

from compare import Detail, compare_gradients
from compare.problem.answers import name_parameters
from compare.report.json.write import report_to_dict, report_to_json
from compare.report.labels import short_quantity
from compare.report.page.html import make_page
from compare.report.text.report import format_report
from compare.results import worst_of
from jaxmlp import init_params
from tests.support.report_schemas import OF_NETWORKS


def make_report(sizes=(2, 10, 10, 1), samples=8, x=None, **options):
    params = init_params(np.random.default_rng(0), sizes)
    if options.get("layout") == "out_in":
        params = [(w.T, b) for w, b in params]
    if x is None:
        x = np.random.default_rng(1).random((samples, sizes[0])).astype(np.float32)
    return compare_gradients(params, x, **options)


REPORTS = {
    "the_usual_one": {},
    "out_in_with_trace": {"layout": "out_in", "detail": Detail(trace=3)},
    "no_hidden_layer": {"sizes": (2, 1)},
    "float64": {"dtype": "float64"},
    "mixed": {"implementations": ("torch_autograd", "numpy_manual", "jax_manual", "jax_grad")},
    "nothing_finite": {"x": np.full((2, 2), np.nan, np.float32)},
    "infinite_input": {"x": np.array([[np.inf, 1]], np.float32), "activation": "relu"},
    "deep": {"sizes": (10, *(21,) * 10, 1), "activation": "relu"},
    "all_zero": {"x": np.zeros((1, 2), np.float32), "activation": "tanh"},
}


@functools.cache
def report_of(name):
    return make_report(**REPORTS[name])


def test_the_schema_is_one():
    OF_NETWORKS.check_schema(OF_NETWORKS.schema)


@pytest.mark.parametrize("name", REPORTS)
def test_json_is_strict_and_follows_the_schema(name):
    text = report_to_json(report_of(name))

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    OF_NETWORKS.validate(json.loads(text, parse_constant=refuse))


def test_the_schema_refuses_what_is_not_a_report():
    good = report_to_dict(report_of("the_usual_one"))
    for spoil in (
        {"verdict": "maybe"},
        {"schema_version": 1},
        {"pairs": []},
        {"more": 1},
    ):
        with pytest.raises(jsonschema.ValidationError):
            OF_NETWORKS.validate({**good, **spoil})


@pytest.mark.parametrize("name", REPORTS)
def test_text_fits_into_80_columns(name):
    report = report_of(name)
    for verbose in (False, True):
        text = format_report(report, width=80, verbose=verbose)
        assert max(map(len, text.splitlines())) <= 80
        assert f"{report.verdict}: {report.headline[:20]}" in text


def test_the_first_table_has_the_parameters_that_differ_most():
    report = report_of("deep")
    table = format_report(report).split("\n\n")[2].splitlines()
    assert len(table) == 12
    assert table[-1] == "and 14 more that differ less: --verbose shows them"
    shown = [line.split()[0] for line in table[1:-1]]
    apart = {
        short_quantity(one.name): worst_of(report.pairs, "max_rel", one.name).worst.value
        for one in report.pairs[0].quantities
    }
    assert min(apart[name] for name in shown) >= max(
        value for name, value in apart.items() if name not in shown
    )


def test_what_has_no_bound_is_not_said_to_use_little_of_it():
    report = report_of("the_usual_one")

    def without_bound_of_w1(pair):
        first, *others = pair.bounds
        assert first.name == "w1"
        vacuous = dataclasses.replace(first, vacuous=first.entries)
        return dataclasses.replace(pair, bounds=(vacuous, *others))

    pairs = tuple(map(without_bound_of_w1, report.pairs))
    table = format_report(dataclasses.replace(report, pairs=pairs)).split("\n\n")[2]
    rows = {line.split()[0]: line.split() for line in table.splitlines()}
    assert rows["w1"][-2:] == ["no", "bound"]
    assert rows["b1"][-1] == "%"


def test_numbers_in_json_are_those_of_the_arrays():
    blocks = []
    report = make_report(on_block=lambda start, block: blocks.append(block))
    (block,) = blocks
    found = report_to_dict(report)
    overall = 0.0
    for pair in found["pairs"]:
        for parameter in pair["parameters"]:
            arrays = (name_parameters(block[pair[k]].grads, "in_out") for k in "ab")
            a, b = (named[parameter["name"]].astype(float) for named in arrays)
            difference = np.abs(a - b)
            assert parameter["max_abs"] == difference.max()
            at = parameter["max_abs_at"]
            place = (at["sample"], *at["index"])
            assert difference[place] == difference.max()
            assert (at["a"], at["b"]) == (a[place], b[place])
            assert parameter["scaled"] == difference.max() / max(np.abs(a).max(), np.abs(b).max())
            overall = max(overall, difference.max())
    assert found["overall"]["max_abs"] == overall


def test_loss_and_prediction_are_compared_for_every_pair():
    found = report_to_dict(report_of("the_usual_one"))
    pairs = [(pair["a"], pair["b"]) for pair in found["pairs"]]
    assert len(pairs) == 3
    for quantity in ("loss", "prediction"):
        assert [(one["a"], one["b"]) for one in found[quantity]] == pairs
        assert all(one["max_abs"] < 1e-6 for one in found[quantity])


def test_more_implementations_than_letters_have_two():
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(2, 1)), rng.normal(size=1))]

    def backward(params, x, y):
        ((w, b),) = params
        delta = 2 * (x @ w + b - y)
        return [(np.outer(x, delta), delta)]

    candidates = {f"mine{i}": backward for i in range(26)}
    found = compare_gradients(
        layers, rng.random((1, 2)), implementations=("jax_grad",), candidates=candidates
    )
    printed = format_report(found, width=80, verbose=True)
    assert "Z mine24" in printed
    assert "AA mine25" in printed
    assert "A~AA jax_grad ~ mine25" in printed
    assert ">AA mine25<" in make_page(report_to_dict(found))


def test_zeros_that_differ_in_sign_alone_are_counted_and_agree():
    def with_zeros(zero):
        def gradients(params, x, y):
            ((w, b),) = params
            delta = 2 * (x @ w + b - y)
            dw = np.outer(x, delta)
            return [(np.where(dw == 0, np.float32(zero), dw), delta)]

        return gradients

    x = np.array([[1, 0], [0, 0], [1, 2]], np.float32)
    both = [with_zeros(0.0), with_zeros(-0.0)]
    report = make_report((2, 1), x=x, candidates=both, implementations=("jax_grad",))
    text = report_to_dict(report)["pairs"][-1]["digits"]["significant_5_text"]
    assert text["agrees"]
    assert text["signed_zeros"] == 3
    said = r"In text 0 and -0 count as equal: in .~., 3 with 5 digits and 3 with 7 decimals\."
    assert re.search(said, format_report(report, width=100, verbose=True))
    assert "0 and -0" not in format_report(report_of("the_usual_one"), verbose=True)
