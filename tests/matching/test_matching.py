"""Places of one program found in another, by value."""

import numpy as np
import pytest

from compare.matching.matching import matched
from compare.problem.recording import Recording

RNG = np.random.default_rng(0)
VALUE, SLOPE = RNG.standard_normal((2, 3, 4, 6))


def recording(**places):
    return Recording({}, {}, places={name.replace("d_", "d:"): one for name, one in places.items()})


LAYOUTS = {
    "as it is": lambda a: a,
    "features first": lambda a: a.transpose(2, 0, 1),
    "batch and time swapped": lambda a: a.swapaxes(0, 1),
    "batch and time merged": lambda a: a.reshape(12, 6),
    "heads split": lambda a: a.reshape(3, 4, 2, 3).transpose(0, 2, 1, 3),
    "heads interleaved": lambda a: a.reshape(3, 4, 3, 2).swapaxes(2, 3).reshape(3, 4, 6),
    "batch and heads merged": lambda a: a.reshape(3, 4, 2, 3).swapaxes(1, 2).reshape(6, 4, 3),
    "flat": lambda a: a.ravel(),
    "with axes of one": lambda a: a[:, None, :, :, None],
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("kind", ["distinct", "half of it 0", "one row throughout"])
def test_the_layout_is_found(name, kind):
    value = {
        "distinct": VALUE,
        "half of it 0": np.maximum(VALUE, 0),
        "one row throughout": np.broadcast_to(VALUE[:1, :1], VALUE.shape),
    }[kind]
    own = recording(x=LAYOUTS[name](value), d_x=LAYOUTS[name](SLOPE))
    found = matched(recording(place=value, d_place=SLOPE), own)
    places = found.applied(own).places
    np.testing.assert_array_equal(places["place"], value)
    np.testing.assert_array_equal(places["d:place"], SLOPE)


def test_of_equal_values_the_one_with_its_cotangent_is_taken():
    own = recording(a=VALUE, d_a=2 * SLOPE, b=VALUE.ravel(), d_b=SLOPE.ravel(), c=VALUE)
    found = matched(recording(place=VALUE, d_place=SLOPE), own)
    assert found.matches["place"].name == "b"
    assert found.chosen == {"b"}


def test_a_cotangent_that_is_another_one_is_not_recorded():
    own = recording(a=VALUE, d_a=2 * SLOPE)
    found = matched(recording(place=VALUE, d_place=SLOPE), own)
    assert (found.missing, found.unsure) == ((), ("place",))
    assert list(found.applied(own).places) == ["place"]


@pytest.mark.parametrize(
    "other",
    [
        VALUE * (1 + 1e-7),
        VALUE + 1e-7,
        np.where(VALUE.max() == VALUE, 1.1 * VALUE, VALUE),
        VALUE[:2],
        np.where(VALUE > 0, np.nan, VALUE),
    ],
    ids=["factor", "offset", "one entry", "part", "NaN"],
)
def test_what_is_close_is_not_the_same(other):
    found = matched(recording(place=VALUE, d_place=SLOPE), recording(a=other, d_a=SLOPE))
    assert found.missing == ("place",)


def test_entries_of_the_same_numbers_in_another_order_are_not_the_same():
    other = VALUE.copy()
    other[0, 0, 0], other[1, 1, 1] = VALUE[1, 1, 1], VALUE[0, 0, 0]
    assert matched(recording(place=VALUE), recording(a=other)).missing == ("place",)


def test_the_nearest_of_several_is_taken():
    own = recording(a=VALUE + 1e-12, d_a=SLOPE, b=VALUE, d_b=SLOPE)
    assert matched(recording(place=VALUE, d_place=SLOPE), own).matches["place"].name == "b"


def test_by_its_value_alone_a_constant_is_not_found():
    ones = np.ones((3, 4))
    assert matched(recording(place=ones), recording(a=ones)).missing == ("place",)
    slope = RNG.standard_normal((3, 4))
    own = recording(a=ones, d_a=slope.T, b=ones.T, d_b=slope.T)
    found = matched(recording(place=ones, d_place=slope), own)
    np.testing.assert_array_equal(found.applied(own).places["d:place"], slope)


def test_by_its_value_alone_an_empty_array_is_not_found():
    empty = recording(a=np.zeros((0, 4)))
    assert matched(empty, empty).missing == ("a",)


def test_a_cotangent_that_is_0_but_for_rounding_is_the_same():
    theirs = recording(place=VALUE, d_place=1e-17 * SLOPE, other=SLOPE, d_other=VALUE)
    own = recording(a=VALUE, d_a=-2e-17 * SLOPE)
    assert matched(theirs, own).unsure == ()
