import json
import math
from typing import NamedTuple

import numpy as np
import pytest

from compare.evidence.differences.allclose import AllcloseResult
from compare.evidence.differences.bounds import BoundRatio
from compare.evidence.differences.metrics import Worst
from compare.evidence.hypotheses.explanation import Cause, Explanation, Figures
from compare.formats.typed_json import decode, encode


class Every(NamedTuple):
    """One field of every kind."""

    flag: bool
    text: str
    maybe: int | None
    items: tuple[Worst, ...]
    two: tuple[int, float]
    by_name: dict[str, Explanation]


WORST = Worst(0.1 + 0.2, 3, (1, 2), 5e-324, -0.0)


EXPLAINED = Explanation(
    (Cause(("dL/dw1",), "halved"),), Figures("dL/dw1", 1, (0, 2), 0.5, 1.0), is_complete=True
)


def there_and_back(kind, value):
    return decode(kind, json.loads(json.dumps(encode(value), allow_nan=False)))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Worst, WORST),
        (Worst, Worst(2**64 - 1, 3, (), 1.7976931348623157e308, True)),
        (
            BoundRatio,
            BoundRatio("w1", 0.5, 3, (1, 2), 0.5, 4, 0, 2, 1, Worst(1.0, 5, (0, 1), math.inf, 2.0)),
        ),
        (BoundRatio, BoundRatio("w1", -math.inf, 3, (), 0.5, 4, 0, dtypes=("bfloat16", "float32"))),
        (AllcloseResult, AllcloseResult({"torch.allclose": 3}, math.inf, 0.1)),
        (dict[str, Explanation], {"a": Explanation((), None, is_complete=False)}),
        (Every, Every(True, "inf", None, (WORST, WORST), (1, 2), {})),
        (
            Every,
            Every(
                False,
                "",
                0,
                (),
                (1, 2.0),
                {"b": EXPLAINED},
            ),
        ),
        (tuple[Worst, ...], ()),
    ],
)
def test_values_come_back_to_the_bit(kind, value):
    back = there_and_back(kind, value)
    assert back == value
    assert repr(back) == repr(value)


def test_not_a_number_comes_back():
    assert math.isnan(there_and_back(Worst, Worst(1.0, 0, (), math.nan, 0.0)).a)


@pytest.mark.parametrize("value", [np.float32(1), np.arange(2), {1, 2}, object(), b"bytes", Worst])
def test_only_plain_data_is_written(value):
    with pytest.raises(TypeError, match="expected plain data, got"):
        encode(value)


GOOD = encode(WORST)


@pytest.mark.parametrize(
    ("kind", "content"),
    {
        "a_field_is_missing": (Worst, {k: v for k, v in GOOD.items() if k != "a"}),
        "a_field_too_many": (Worst, {**GOOD, "more": 1}),
        "nothing_where_a_value_belongs": (Worst, None),
        "text_where_a_float_belongs": (Worst, {**GOOD, "a": "1.0"}),
        "a_float_where_an_int_belongs": (Worst, {**GOOD, "sample": 3.0}),
        "a_bool_where_an_int_belongs": (Worst, {**GOOD, "sample": True}),
        "a_number_where_a_tuple_belongs": (Worst, {**GOOD, "index": 1}),
        "a_list_where_an_object_belongs": (Worst, list(GOOD.values())),
        "too_few_items": (tuple[int, float], [1]),
        "an_object_where_a_tuple_belongs": (tuple[int, ...], {"0": 1}),
        "a_list_where_names_belong": (dict[str, int], [1]),
        "no_plain_type": (object, {}),
    }.values(),
)
def test_nothing_else_is_made(kind, content):
    with pytest.raises((TypeError, ValueError), match=r"expected|zip"):
        decode(kind, content)
