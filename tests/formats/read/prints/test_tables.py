"""Tables of numbers with names: an entry a row, a parameter a row, or an entry a column."""

import numpy as np
import pytest

from compare.errors import UsageError
from tests.support.prints import check, read


def named(**arrays):
    return [(name, np.array(values, float)) for name, values in arrays.items()]


READ = {
    "table": ("name,row,col,value\nw,0,0,1.5\nw,0,1,2.5\nb,,0,3.5\n",
              named(w=[[1.5, 2.5]], b=[3.5])),
    "table_tabs": ("grad\tparam\ti\n1.5\tw\t0\n2.5\tw\t1\n", named(w=[1.5, 2.5])),
    "table_samples": ("sample,name,i,value\n0,w,0,1.5\n1,w,0,2.5\n", named(w=[[1.5], [2.5]])),
    "an_index_in_one_cell": ('param,index,grad\nw,"(0, 0)",1.5\nw,"(0, 1)",2.5\nb,"(0,)",3.5\n',
                             named(w=[[1.5, 2.5]], b=[3.5])),
    "a_place_in_the_name": ('name,value\n"w[0,0]",1.5\n"w[0,1]",2.5\nb[0],3.5\n',
                            named(w=[[1.5, 2.5]], b=[3.5])),
    "keystr": ("name,i,value\n['a']['w'],0,1.5\n['a']['w'],1,2.5\n", [
        ("a/w", np.array([1.5, 2.5])),
    ]),
    "layers": ("layer,param,i,grad\n1,w,0,1.5\n2,w,0,2.5\nout,b,0,3.5\n", [
        ("w1", np.array([1.5])), ("w2", np.array([2.5])), ("out/b", np.array([3.5])),
    ]),
    "pandas": (",name,i,j,value\n0,w,0.0,0,1.5\n1,w,0.0,1,2.5\n2,b,,0,3.5\n",
               named(w=[[1.5, 2.5]], b=[3.5])),
    "a_dash": ("name,i,j,value\nw,0,0,1.5\nb,-,0,3.5\n", named(w=[[1.5]], b=[3.5])),
    "minus": ("name,i,value\nw,0,\N{MINUS SIGN}1.5\n", named(w=[-1.5])),
    "from_1": ("name,i,value\nw,1,1.5\nw,2,2.5\n", named(w=[1.5, 2.5])),
    "no_header": ("w,0,0,1.5\nw,0,1,2.5\nb,,0,3.5\nb,-,1,4.5\n",
                  named(w=[[1.5, 2.5]], b=[3.5, 4.5])),
    "a_parameter_a_row": ("w,1.5,2.5,0,1\nb,3.5\n", named(w=[1.5, 2.5, 0, 1], b=[3.5])),
    "an_entry_a_column": ('"w[0,0]","w[0,1]",b[0]\n1.5,2.5,3.5\n', named(w=[[1.5, 2.5]], b=[3.5])),
    "a_sample_a_row": ("w[0];w[1]\n1.5;2.5\n3.5;4.5\n", [
        ("w", np.array([1.5, 2.5])), ("w", np.array([3.5, 4.5])),
    ]),
    "numbers_alone": ("1.5,2.5\n3.5,4.5\n", [(None, np.array([[1.5, 2.5], [3.5, 4.5]]))]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_what_is_read(text, expected):
    check(text, *expected)


REFUSED = {
    "a_word": ("name,i,value\nw,0,a", "line 2: expected a number, got 'a'"),
    "a_short_row": ("name,i,value\nw,0", "line 2: expected name,i,value with whole numbers"),
    "5000_digits": (f"name,i,value\nw,{'1' * 5000},1.5", "line 2: expected name,i,value with"),
    "an_index_that_is_none": ("name,i,value\nw,a,0.5", "line 2: expected name,i,value with whole"),
    "decimal_commas": ("name;i;value\nw;0;0,5", "expected a number, got '0,5'; write 0.5 for 0,5"),
    "a_gap": ("name,i,value\nw,0,1.5\nw,2,1.5", "expected every entry of w once"),
    "an_entry_twice_without_a_header": ("w,0.5,1.5\nw,1,1.5", "line 1: expected whole numbers"),
    "a_blank": ("w,0.5,,1.5\nb,1.5", "line 1: expected a number, got ''"),
    "a_column_too_few": ("w[0],w[1]\n1.5\n", "line 2: expected 2 columns, as above, got 1"),
    "a_word_in_a_column": ("w[0],w[1]\n1.5,a\n", "line 2: expected a number, got 'a'"),
    "a_cell_without_an_end": ('name,i,value\n"w' + "a" * 200_000, "this table cannot be read"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(text, message):
    with pytest.raises(UsageError, match=message) as caught:
        read(text)
    assert len(str(caught.value)) < 250
