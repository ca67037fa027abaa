"""The first sentence of a report of functions."""

import pytest

from compare.verdict.headline import headline


@pytest.mark.parametrize(
    ("reason", "basis", "text", "remarks"),
    [
        (None, "certificate", "port: at `norm`", ()),
        ("another eps", "certificate", "port: another eps", ("seen first here: at `norm`",)),
        ("another eps", "weights", "port: at `norm`", ("another eps",)),
    ],
)
def test_it_says_why_before_where_and_weights_before_both(reason, basis, text, remarks):
    assert headline("port", "at `norm`", reason, basis=basis) == (text, remarks)
