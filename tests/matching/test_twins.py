"""Submodules that hold the same weights."""

from compare.matching.twins import twins


def test_submodules_with_the_same_weights_are_twins():
    sources = {
        "layers_0.q.kernel": ["blocks.0.q.weight"],
        "layers_0.q.bias": ["blocks.0.q.bias"],
        "layers_0.norm.scale": ["blocks.0.norm.weight", "blocks.0.norm.bias"],
        "layers_0.kv.kernel": ["blocks.0.k.weight", "blocks.0.v.weight"],
        "scale": ["scale"],
    }
    assert twins(sources) == {
        "blocks": ("layers_0",),
        "blocks.0": ("layers_0",),
        "blocks.0.q": ("layers_0.q",),
        "blocks.0.norm": ("layers_0.norm",),
    }


def test_weights_that_are_shared_have_several():
    sources = {"a.kernel": ["embed.weight"], "b.kernel": ["embed.weight"]}
    assert twins(sources) == {"embed": ("a", "b")}


def test_a_submodule_is_the_twin_of_several_inside_of_it_which_hold_its_weights():
    packed = ["lstm.weight_ih", "lstm.weight_hh"]
    sources = {"rnn.cell.i.kernel": packed[:1], "rnn.cell.h.kernel": packed[1:]}
    assert twins(sources) == {"lstm": ("rnn.cell", "rnn")}
