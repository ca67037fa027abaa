"""Which share of an allowance the first screen shows."""

import dataclasses

from compare.verdict.usage import usage_of
from tests.verdict.test_verdict import BROKEN, FINE, make_certificate, make_pair, quantities

NEAR = make_pair(quantities(), quantities(w=1 + 2.0**-22))


def test_bounds_tell_it_where_all_is_well():
    used = usage_of([NEAR], [make_certificate()])
    assert (used.ratio, used.what, used.who) == (0.38, "w1[0,0]", "jax_grad ~ mine")
    assert not used.is_check


def test_certificates_tell_it_where_one_has_failed():
    failed = dataclasses.replace(make_certificate(failure=BROKEN), worst=BROKEN)
    used = usage_of([NEAR], [make_certificate("other"), failed])
    assert (used.ratio, used.what, used.sample, used.who) == (7e5, "output of b2", 3, "mine")
    assert used.is_check


def test_certificates_tell_it_where_bounds_say_little():
    used = usage_of(
        [make_pair(quantities(), quantities(), worst_ratio=1e-9, vacuous=1)], [make_certificate()]
    )
    assert (used.ratio, used.what) == (FINE.ratio, "rank_one of w1")


def test_a_difference_beyond_its_bound_is_told_however_many_bounds_say_little():
    pair = make_pair(quantities(), quantities(w=2.0), worst_ratio=12.0, vacuous=1)
    assert usage_of([pair], [make_certificate()]).ratio == 12.0


def test_nothing_is_told_where_nothing_was_checked():
    silent = dataclasses.replace(make_certificate(certified=0, silent=1), worst=None)
    equal = make_pair(quantities(), quantities(), worst_ratio=0.0)
    assert usage_of([equal], [silent]) is None
