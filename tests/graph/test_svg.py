"""The graphs in the page of a report."""

import html
import re

import numpy as np
import pytest

from compare.graph.pictures import svg
from compare.graph.pictures.graphviz import picture
from compare.graph.pictures.svg import inline_graphs
from compare.graph.pictures.texts import dot_texts
from compare.problem.network import make_network
from tests.support.graphs import explain

pytest.importorskip("pygraphviz")
ROOM = 10**6  # bytes


@pytest.mark.parametrize("sizes", [(2, 1), (2, 3, 3, 1)])
def test_three_elements_with_names_and_ids_of_their_own(sizes):
    drawn = inline_graphs(make_network(sizes, "tanh"), room=ROOM)
    assert len(drawn) == 3
    assert all(one.startswith('<svg role="img" aria-label="') for one in drawn)
    ids = [name for one in drawn for name in re.findall(r' id="([^"]*)"', one)]
    assert len(ids) == len(set(ids)) > 20
    assert all(text not in one for one in drawn for text in ("<?xml", "<!DOCTYPE", "href="))


def test_deep_networks_are_left_out():
    assert inline_graphs(make_network((2,) * 10, "relu"), room=ROOM) == []
    assert len(inline_graphs(make_network((2,) * 9, "relu"), room=ROOM)) == 3


def test_without_pygraphviz_there_are_none(monkeypatch):
    monkeypatch.setattr(svg, "can_draw", lambda: False)
    assert inline_graphs(make_network((2, 1), "relu"), room=ROOM) == []


def test_there_are_no_more_than_there_is_room_for():
    sizes = [len(one.encode()) for one in inline_graphs(make_network((2, 3, 1), "gelu"), room=ROOM)]
    for fitting in range(4):
        room = sum(sizes[:fitting])
        assert len(inline_graphs(make_network((2, 3, 1), "gelu"), room=room)) == fitting


WAYS = ("forward", "backward")


def curve(path):
    """Points along a path of cubic curves, as Graphviz writes arrows."""
    numbers = [float(one) for one in re.findall(r"-?[\d.]+", path)]
    points = np.array(numbers).reshape(-1, 2)
    t = np.linspace(0, 1, 20)[:, None]
    for i in range(0, len(points) - 3, 3):
        a, b, c, d = points[i : i + 4]
        yield from (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d


@pytest.mark.parametrize(
    "network",
    [
        make_network((2, 10, 10, 1), "sigmoid"),
        make_network((3, 4, 4, 2), "elu,relu", output="softmax", l2=0.1),
        make_network((3, 2), "tanh", loss="huber", bias="none"),
    ],
)
def test_no_arrow_runs_over_a_caption(network):
    svg = html.unescape(picture(dot_texts(explain(network))["graph_jax"], "svg").decode())
    found = re.findall(r'<text [^>]*x="(.*?)" y="(.*?)"[^>]*>((?:layer \d|the loss), \w+)<', svg)
    assert len(found) == 2 * network.n_layers + 2
    points = np.array(
        [one for path in re.findall(r'<path [^>]*d="(.*?)"', svg) for one in curve(path)]
    )
    for x, y, text in found:
        wide, high = 3.5 * len(text), 5  # half of a letter's width for each, at most
        off = np.abs(points - [float(x), float(y) - 4])
        assert not ((off[:, 0] < wide) & (off[:, 1] < high)).any(), text
