import math

import pytest

from compare.formats.write.python_source import source_of


def nothing(_):
    return None


@pytest.mark.parametrize(
    "tree", [(), (1,), [True, {"a": (2.5, "b"), 3: None}], {"low": -math.inf, "high": math.inf}]
)
def test_source_makes_the_same_tree(tree):
    source = source_of(tree, nothing)
    assert eval(source, {"__builtins__": {"float": float}}) == tree


def test_nan_has_source():
    assert math.isnan(eval(source_of(math.nan, nothing)))


def test_a_part_without_source_leaves_the_whole_without():
    assert source_of([1, {"a": object()}], nothing) is None
    assert source_of({object: 1}, nothing) is None
