"""Submodules that hold the same weights are likely to stand for each other."""

import numpy as np

from compare.implementations.programs.models.twins import twins
from compare.pairing.pairs import pair


def test_a_submodule_stands_for_the_one_that_holds_the_same_weights():
    rng = np.random.default_rng(0)
    theirs = {"attn.in.weight": (24, 8), "attn.out.weight": (8, 8), "norm.weight": (8,)}
    theirs = {name: rng.standard_normal(shape) for name, shape in theirs.items()}
    q, k, v = np.split(theirs["attn.in.weight"], 3)
    own = {"att.q": q.T, "att.k": k.T, "att.v": v.T, "att.o": theirs["attn.out.weight"].T}
    own = {f"{name}.kernel": one for name, one in own.items()} | {"n.scale": theirs["norm.weight"]}
    found = twins(
        ["attn[0]", "drop", "norm@1"], ["att", "att.q", "att.o", "n", "#3.a"], pair(theirs, own)
    )
    assert found == {"attn[0]": ["att"], "norm@1": ["n"]}
