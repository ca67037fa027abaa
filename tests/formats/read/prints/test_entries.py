"""Arrays printed entry by entry, and trees of arrays with the names of all their keys."""

import numpy as np
import pytest

from compare.errors import UsageError
from tests.support.prints import check, read


def named(**arrays):
    return [(name, np.array(values, float)) for name, values in arrays.items()]


READ = {
    "brackets": ("w[0][0] = 1.5\nw[0][1] = 2.5\n", named(w=[[1.5, 2.5]])),
    "one_bracket": ("b[0]: 1.5\nb[1]: 2.5", named(b=[1.5, 2.5])),
    "commas": ("w[0,0] = 1.5\nw[1, 0] = 2.5", named(w=[[1.5], [2.5]])),
    "matlab": ("w(1,1) = 1.5;\nw(2,1) = 2.5;", named(w=[[1.5], [2.5]])),
    "any_order": ("w[1] = 2.5\nw[0] = 1.5", named(w=[1.5, 2.5])),
    "in_turn": ("w[0] = 1.5\nb[0] = 3.\nw[1] = 2.5", named(w=[1.5, 2.5], b=[3])),
    "samples": ("w[0] = 1.5\nw[1] = 2.5\nw[0] = 3.5\nw[1] = 4.5", [
        ("w", np.array([1.5, 2.5])), ("w", np.array([3.5, 4.5])),
    ]),
    "words_before": ("grad w2[3]: 0.1\ngrad w2[2]: 1.\nGradient of w2 [1] = 2.\nw2[0] = 3.",
                     named(w2=[3, 2, 1, 0.1])),
    "spaces": ("dw_1 (0, 0) = 1.5\ndw_1 (0, 1) = 2.5", named(dw_1=[[1.5, 2.5]])),
    "layers_in_words": ("layer 1 W[0] = 1.5\nLayer 2 W[0] = 2.5", [
        ("layer1.W", np.array([1.5])), ("layer2.W", np.array([2.5])),
    ]),
    "quoted": ('"w1"[0] = 1.5\n', named(w1=[1.5])),
    "partial": ("\N{PARTIAL DIFFERENTIAL}L/\N{PARTIAL DIFFERENTIAL}w1[0] = 1.5", named(w1=[1.5])),
    "arrows": ("w[0] -> 1.5\nw[1] => 2.5\nw[2] \N{RIGHTWARDS ARROW} 3.5", named(w=[1.5, 2.5, 3.5])),
    "minus_of_an_entry": ("w[0] = \N{MINUS SIGN}1.5", named(w=[-1.5])),
    "scalars": ("w[0] = tensor(1.5)\nw[1] = np.float32(2.5)\nw[2] = array(3.5, dtype=float32)\n"
                "w[3] = tensor(4.5, grad_fn=<SelectBackward0>)", named(w=[1.5, 2.5, 3.5, 4.5])),
    "keystr": ("['a']['k'][0][1] = 1.5\n['a']['k'][0, 0] = 2.5\n.l[0].w[0] = 3.5", [
        ("a.k", np.array([[2.5, 1.5]])), ("l_0.w", np.array([3.5])),
    ]),
    "keystr_of_arrays": ("['a/~/c']['k'] [1.5]\n['a']['b'].value: [2.5]\n.layers[0].weight\n[3.5]\n"
                         "[1].w = [4.5]\nb[1] = [5.5, 6.5]\n", [
        ("a.c.k", np.array([1.5])), ("a.b", np.array([2.5])), ("layers_0.weight", np.array([3.5])),
        ("1.w", np.array([4.5])), ("b_1", np.array([5.5, 6.5])),
    ]),
    "keystr_of_numbers": ("[0][0] [[1.5]]\n[0][1]: [2.5]", [
        (None, np.array([[1.5]])), (None, np.array([2.5])),
    ]),
    "places_are_arrays_without_one": ("[0]\n[1] [2]", [
        (None, np.array([0.0])), (None, np.array([1.0])), (None, np.array([2.0])),
    ]),
    "slashes": ("dL/dW1[0][0] = -1e-3\n", [("dL/dW1", np.array([[-1e-3]]))]),
    "beside_others": ("loss = 0.5\nw[0] = 1.5\nb: [2.5]\n", named(loss=[0.5], w=[1.5], b=[2.5])),
    "tree": ("{'a': {'b': array([1.]), 'w': array([2.])}, 'c': {'b': array([3.])}, 'd': [4]}", [
        ("a/b", np.array([1.0])), ("a/w", np.array([2.0])), ("c/b", np.array([3.0])),
        ("d", np.array([4.0])),
    ]),
    "flax": ("FrozenDict({\n    params: {\n        Dense_0: {\n            bias: Array([1.], "
             "dtype=float32),\n        },\n    },\n})", [("params/Dense_0/bias", np.array([1.0]))]),
    "after_a_tree": ("{'a': array([1.])}\nw: [2.0]", named(a=[1], w=[2])),
    "minus_of_a_page": ("[[\N{MINUS SIGN}1.5 2.5]\n [ 3.5 \N{MINUS SIGN}4.5]]", [
        (None, np.array([[-1.5, 2.5], [3.5, -4.5]])),
    ]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_what_is_read(text, expected):
    check(text, *expected)


def test_an_entry_is_known_to_half_a_unit_of_the_array():
    (array,) = read("w[0] = 0.125\nw[1] = 0.5\n").arrays
    assert array.half_unit.tolist() == [0.5e-3, 0.5e-3]


GAPS = "expected every entry of w once, with as many indices each; the 2 that there are"
REFUSED = {
    "a_gap": ("w[0] = 1.5\nw[2] = 2.5", GAPS),
    "ragged": ("w[0] = 1.5\nw[1][0] = 2.5", GAPS),
    "far_away": ("w[0] = 1.5\nw[999999999] = 2.5", GAPS),
    "many_indices": ("w" + "[0]" * 100 + " = 0.5\nw" + "[0]" * 99 + "[1] = 1.5", GAPS),
    "an_epoch": ("epoch 3 w[0] = 0.5", "the numbers in this line cannot be read"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(text, message):
    with pytest.raises(UsageError, match=message) as caught:
        read(text)
    assert len(str(caught.value)) < 250
