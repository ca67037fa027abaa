"""Figures from a report.json: what they say, and that they are drawn alike every time."""

import copy
import re

import pytest

from compare.report.figures import draw_all
from compare.report.figures.by_sample import draw_by_sample
from compare.report.figures.certificate import alike, draw_certificate
from compare.report.figures.drawing import plain
from compare.report.figures.histogram import draw_histogram
from tests.report.test_html import drawings_of, report_of

NAMES = {"histogram_ulp", "error_by_sample", "error_by_size"}


@pytest.mark.parametrize("name", ["agree", "not_a_number", "one_sample_deep"])
def test_every_figure_is_drawn(name):
    report = report_of(name)
    drawn = {one.name: one for one in drawings_of(name)}
    layers = len(report["config"]["layer_sizes"]) - 1
    assert drawn.keys() >= NAMES | {f"heatmap_layer_{i}" for i in range(1, layers + 1)}
    assert sum(known.startswith("certificate_") for known in drawn) == len(alike(report))
    for one in drawn.values():
        assert one.description
        assert "background:#fff" in one.file


def test_a_figure_is_drawn_to_the_same_text():
    first, second = drawings_of("agree"), tuple(draw_all(report_of("agree")))
    assert first == second
    assert not re.search(r"20\d\d-\d\d", "".join(one.file for one in first))


def test_a_wrong_layer_is_seen():
    report = report_of("wrong_layer")
    wrong = [one for one in report["implementations"] if one["certificate"]["failed"]]
    drawing = draw_certificate(report, wrong)
    assert drawing.svg.count("✗") == 1
    assert re.search(r">db₁ = δ₁<.*>✗ [\d,e]+×<", drawing.svg, re.DOTALL)
    assert "chain at b1 in 20 samples" in drawing.description
    right = draw_certificate(report, alike(report)[0])
    assert "✗" not in right.svg
    assert "Every rule holds" in right.description


def test_what_is_alike_is_drawn_once():
    report = copy.deepcopy(report_of("agree"))
    one = report["implementations"][0]
    report["implementations"] = [{**one, "name": f"jax_grad@cuda:{i}"} for i in range(8)]
    (group,) = alike(report)
    assert draw_certificate(report, group).title == "A jax_grad@cuda:0 and 7 more: 20 certified"


def test_many_pairs_are_told_apart_or_left_out():
    report = copy.deepcopy(report_of("agree"))
    (pair, *_), implementations = report["pairs"], report["implementations"]
    for i in range(9):
        implementations.append({**implementations[0], "name": f"more_{i}"})
        series = [i + 1] * len(pair["largest_ulp_by_sample"])
        bins = [{"from": 2**i, "samples": 20}]
        more = {**pair, "b": f"more_{i}", "largest_ulp_by_sample": series, "ulp_histogram": bins}
        report["pairs"].append(more)
    for draw in (draw_by_sample, draw_histogram):
        assert "Not drawn: 5 more, none of them larger." in draw(report).description


def test_heatmaps_say_what_they_show():
    drawn = {one.name: one for one in drawings_of("not_a_number")}
    assert "no finite number of ulp" in drawn["heatmap_layer_2"].description
    assert drawn["error_by_sample"].svg.count("not finite on one side") == 1


def test_without_bounds_there_is_nothing_to_map():
    names = {one.name for one in draw_all({**report_of("agree"), "entries": None})}
    assert not any(name.startswith("heatmap") for name in names)
    assert "error_by_size" not in names


def test_names_of_files_are_plain():
    assert plain("A jax_grad@cuda:0/../x") == "a_jax_grad_cuda_0_x"
