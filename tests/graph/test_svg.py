"""The graphs in the page of a report."""

import re

import pytest

from compare.graph.pictures import svg
from compare.graph.pictures.svg import inline_graphs
from compare.problem.network import make_network

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
