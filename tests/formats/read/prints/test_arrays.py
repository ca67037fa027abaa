"""Numbers as people print them: what is taken for which array, and what is refused."""

import contextlib
import signal

import numpy as np
import pytest

from compare.errors import UsageError
from tests.support.prints import check, read

NAN, INF = float("nan"), float("inf")


@contextlib.contextmanager
def seconds_at_most(limit):
    """Stops what never ends, after so many seconds of this process's own."""

    def stop(*_):
        raise TimeoutError(f"took longer than {limit} s")

    earlier = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, earlier)


def named(**arrays):
    return [(name, np.array(values, float)) for name, values in arrays.items()]


def unnamed(*arrays):
    return [(None, np.array(values, float)) for values in arrays]


W, B = [[0.5, -1.25], [2.0, 4e-5]], [1.0, 2.0]

TORCH_W = """\
tensor([[ 5.0000e-01, -1.2500e+00],
        [ 2.0000e+00,  4.0000e-05]], grad_fn=<MulBackward0>)
"""
TORCH_PARAMETERS = """\
Parameter containing:
tensor([[ 5.0000e-01, -1.2500e+00],
        [ 2.0000e+00,  4.0000e-05]], requires_grad=True)
Parameter containing:
tensor([1., 2.], device='cuda:0', dtype=torch.float64, requires_grad=True)
"""
STATE_DICT = """\
OrderedDict([('fc.weight', tensor([[ 5.0000e-01, -1.2500e+00],
        [ 2.0000e+00,  4.0000e-05]])), ('fc.bias', tensor([1., 2.]))])
"""
NUMPY_3D = """\
[[[1. 2.]
  [3. 4.]]

 [[5. 6.]
  [7. 8.]]]
"""
CUBE = np.arange(1.0, 9.0).reshape(2, 2, 2)

READ = {
    "torch": (TORCH_W, unnamed(W)),
    "torch_parameters": (TORCH_PARAMETERS, unnamed(W, B)),
    "torch_scalar": ("tensor(0.5000, grad_fn=<MseLossBackward0>)", unnamed(0.5)),
    "torch_integers": ("tensor([[1, 2]])", unnamed([[1, 2]])),
    "torch_non_finite": ("tensor([nan, inf, -inf])", unnamed([NAN, INF, -INF])),
    "torch_options_with_parentheses": (
        "tensor([1.], grad_fn=<SumBackward1(dim=(0,))>)\ntensor([2.])",
        unnamed([1], [2]),
    ),
    "torch_old_size_line": (
        "\n 1  2\n 3  4\n[torch.FloatTensor of size 2x2]",
        unnamed([[1, 2], [3, 4]]),
    ),
    "numpy": ("[[ 5.0e-01 -1.25]\n [ 2.  4.e-05]]", unnamed(W)),
    "numpy_repr": ("array([[0.5, -1.25],\n       [2., 4e-05]], dtype=float32)", unnamed(W)),
    "numpy_scalar": ("array(0.5, dtype=float32)", unnamed(0.5)),
    "numpy_3d": (NUMPY_3D, unnamed(CUBE)),
    "jax": ("Array([[0.5, -1.25], [2., 4e-05]], dtype=float32)", unnamed(W)),
    "jax_scalar": ("Array(0.5, dtype=float32, weak_type=True)", unnamed(0.5)),
    "jax_named": ("w1 = Array([1., 2.], dtype=float32)", named(w1=B)),
    "list": ("[1, 2.0, 3e0]", unnamed([1, 2, 3])),
    "nested_lists": (str(W), unnamed(W)),
    "list_of_tensors": ("[tensor([1.]), tensor([[2.]])]", unnamed([1], [[2]])),
    "list_of_arrays": ("[array([1.], dtype=float32), array([2., 3.])]", unnamed([1], [2, 3])),
    "list_of_lists": ("[[1], [[2, 3], [4, 5]]]", unnamed([1], [[2, 3], [4, 5]])),
    "list_of_pairs": (
        "[[[[1], [2]], [3]], [[[4, 5]], [6, 7]]]",
        unnamed([[1], [2]], [3], [[4, 5]], [6, 7]),
    ),
    "dict_of_tensors": (
        "{'w1': tensor([[1., 2.]]), 'b1': tensor([3.])}",
        named(w1=[[1, 2]], b1=[3]),
    ),
    "dict_of_lists": ('{"w1": [[1, 2]], "b1": [3]}', named(w1=[[1, 2]], b1=[3])),
    "state_dict": (STATE_DICT, [("fc.weight", W), ("fc.bias", B)]),
    "names_before": ("w1: [1, 2]\nb1 = [3]", named(w1=[1, 2], b1=[3])),
    "names_above": ("dLdw3:\n[[1 2]]\ndLdw2:\n[[3 4]]", named(dLdw3=[[1, 2]], dLdw2=[[3, 4]])),
    "names_in_colours": ("\x1b[1;32mw1\x1b[0m: [\x1b[36m1.5\x1b[0m, 2]", named(w1=[1.5, 2])),
    "names_with_subscripts": (
        "w\N{SUBSCRIPT ONE} = [1]\nb\N{SUBSCRIPT ONE}\n2 3",
        named(w1=[1], b1=[2, 3]),
    ),
    "names_in_words": (
        "Gradient of layer 1 weights:\n[1]\nbiases of layer 1\n2 3\nLayer 2: dW\n[4]",
        [("layer1.weights", [1]), ("layer1.biases", [2, 3]), ("layer2.W", [4])],
    ),
    "scalars_of_numpy": ("w1 [np.float32(1.5), np.float64(-2e-05)]", named(w1=[1.5, -2e-5])),
    "dotted_names": ("fc.weight tensor([1.])\nw.grad = [2]", [("fc.weight", [1]), ("w.grad", [2])]),
    "matrix": ("1 2\n3 4\n", unnamed([[1, 2], [3, 4]])),
    "matrix_tabs": ("1\t2\n3\t4", unnamed([[1, 2], [3, 4]])),
    "matrix_commas": ("1,2\n3, 4\n", unnamed([[1, 2], [3, 4]])),
    "matrix_CRLF": ("1 2\r\n3 4\r\n", unnamed([[1, 2], [3, 4]])),
    "row": ("  1 2 3  ", unnamed([1, 2, 3])),
    "column": ("1\n2\n3\n", unnamed([1, 2, 3])),
    "one_number": ("0.5", unnamed([0.5])),
    "integers": ("1 -2 +3", unnamed([1, -2, 3])),
    "all_kinds_of_numbers": ("1. .5 1e3 -2.5E-03 +4", unnamed([1, 0.5, 1e3, -2.5e-3, 4])),
    "non_finite": ("0.5 nan NaN inf -inf Infinity", unnamed([0.5, NAN, NAN, INF, -INF, INF])),
    "nan_first": ("nan 0.5\n1.0 2.0\n", unnamed([[NAN, 0.5], [1, 2]])),
    "inf_first": ("inf 0.5", unnamed([INF, 0.5])),
    "two_matrices": ("1 2\n3 4\n\n5 6\n7 8\n", unnamed([[1, 2], [3, 4]], [[5, 6], [7, 8]])),
    "width_changes": ("1 2 3\n4 5\n", unnamed([1, 2, 3], [4, 5])),
    "comments": ("# 1 2\n3 4\n# 5\n", unnamed([3, 4])),
    "label_line": ("w1\n1 2\n3 4\nb1:\n5 6\n", named(w1=[[1, 2], [3, 4]], b1=[5, 6])),
    "label_with_a_digit": (
        "Layer 1\n0.1 0.2\nLayer 2\n0.3 0.4",
        [("Layer", [0.1, 0.2]), ("Layer", [0.3, 0.4])],
    ),
    "loss_line": ("loss: 0.5\n", named(loss=[0.5])),
    "loss_lines": ("loss = 0.5\nacc 0.25\nstep: 3", named(loss=[0.5], acc=[0.25], step=[3])),
    "labelled_rows": ("w1: 1 2\nb1: 3", named(w1=[1, 2], b1=[3])),
    "labelled_tensor_and_number": ("loss: 0.5\nw1: tensor([1.])", named(loss=[0.5], w1=[1])),
    "numbers_between_arrays": ("[1, 2]\n5.5 6.5\n[3, 4]", unnamed([1, 2], [5.5, 6.5], [3, 4])),
    "rules_around_titles": ("--- w1 ---\n[1, 2]\n-- b1 -> [3] // last", named(w1=[1, 2], b1=[3])),
    "commas_and_decimals": ("0.5,0.25\n1,2\n", unnamed([[0.5, 0.25], [1, 2]])),
    "commas_between_three": ("1,2,3\n4,5,6", unnamed([[1, 2, 3], [4, 5, 6]])),
    "list_without_spaces": ("[[1,2],[3,4]]", unnamed([[1, 2], [3, 4]])),
    "a_name_belongs_to_one_array": ("loss: 0.5\n[6]", [("loss", [0.5]), (None, [6])]),
}


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_what_is_read(text, expected):
    check(text, *((name, np.array(values, float)) for name, values in expected))


REFUSED = {
    "nothing": ("", "expected numbers, found none"),
    "blank": (" \n\n", "expected numbers, found none"),
    "words": ("hello world", "expected numbers, found none"),
    "empty_list": ("[]", "expected numbers, found none"),
    "texts": ("array(['1.0', '2.0'])", "expected numbers, found none"),
    "numpy_cut_short": ("[0. 0. ... 0. 0.]", r"line 1: '\.\.\.' .*cut short.*set_printoptions"),
    "torch_cut_short": ("w\ntensor([0., 0.,  ..., 0.])", r"line 2: '\.\.\.' .*cut short"),
    "matrix_cut_short": ("1 2\n3 4\n...\n5 6", r"line 3: '\.\.\.' .*cut short"),
    "julia_cut_short": ("1.25\n\N{VERTICAL ELLIPSIS}\n5.25", r"line 2: .*cut short"),
    "latex_cut_short": ("1.25\n\\vdots\n5.25", r"line 2: .*cut short"),
    "cut_short_by_an_ellipsis": ("[1.25 \N{HORIZONTAL ELLIPSIS} 5.25]", r"line 1: .*cut short"),
    "ragged": ("w: [1]\n[[1, 2],\n [3]]", "line 2: the rows .* differ in length"),
    "ragged_depth": ("[1, [2, 3]]", "line 1: the rows .* differ in length"),
    "ragged_in_a_list": ("[[1, 2],\n [[1, 2], [3]]]", "line 2: the rows .* differ in length"),
    "ragged_and_deep": ("[[1], " * 9 + "[1]" + "]" * 9, "line 1: expected at most 8 axes"),
    "too_large": ("[1.5, -1e400]", "-1e400 is beyond every float64 number"),
    "too_large_in_a_row": ("1.5 1e400", "1e400 is beyond every float64 number"),
    "too_large_scalar": ("tensor(1e400)", "1e400 is beyond every float64 number"),
    "5000_digits": (f"w[0] = {'1' * 5000}", "1111 is beyond every float64 number"),
    "columns_of_matlab": ("w =\n  Columns 1 through 2\n\n 1 2", r"line 2: .*'Columns 1 through 2'"),
    "columns_of_octave": (" Columns 1 and 2:\n\n 1 2\n\n Column 3:\n\n 3", "blocks of columns"),
    "factor": ("1e-02 *\n[[1.2, 3.4]]", r"line \d: .*factor"),
    "factor_before_tensor": ("1e-02 *\ntensor([[1.2, 3.4]])", "factor"),
    "factor_within_tensor": ("tensor(1.00000e-02 *\n       [[ 1.2, 3.4]])", "factor"),
    "factor_above_rows": ("1.00000e-02 *\n  1.2  3.4\n[torch.FloatTensor of size 2]", "factor"),
    "factor_of_matlab": ("w =\n\n   1.0e-03 *\n\n    0.1  0.2\n", "factor"),
    "bullets": ("* 0.5\n* 0.25", r"line cannot be read: '\* 0.5'"),
    "sign_before": ("b = [1]\nw = -[0.5, 0.25]", "line 2: '-' before an array"),
    "sign_before_array": ("w = - np.array([0.5, 0.25])", "line 1: '-' before an array"),
    "sign_before_parentheses": ("w = -(tensor([0.5]))", "'-' before an array"),
    "sign_before_scalar": ("b = -tensor(0.5)", "'-' before an array"),
    "factor_in_front": ("w = 2*array([0.5, 0.25])", r"'\*' before an array"),
    "factor_behind": ("w = [0.5, 0.25]*2", r"'\*' after an array"),
    "divided": ("w = array([0.5, 0.25], dtype=float32)/2", "line 1: '/' after an array"),
    "divided_scalar": ("b = tensor(0.5)/2", "'/' after an array"),
    "sum": ("w = [0.5] + [0.25]", r"'\+' after an array"),
    "transposed": ("w = [[0.5, 0.25]].T", r"'\.T' after an array"),
    "transposed_array": ("w = array([[0.5], [0.25]]).T", r"'\.T' after an array"),
    "decimal_commas": ("0,05 0,7\n", "commas .* as in '0,05 0,7'"),
    "decimal_commas_and_semicolons": ("w1: 12,5; 3,75", "commas .* as in 'w1: 12,5; 3,75'"),
    "decimal_commas_in_a_column": ("w\n0,5\n-0,25", "commas .* as in '-0,25'"),
    "decimal_commas_and_whole_numbers": ("0 0,5 1", "commas"),
    "decimal_commas_with_exponents": ("1,5e-3\n2,5e-3\n", "commas"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(text, message):
    with pytest.raises(UsageError, match=message) as caught:
        read(text)
    assert str(caught.value).startswith("a.txt")
    assert "\n" not in str(caught.value)


PARTLY_READABLE = {
    "print_that_ends_within_an_array": ("w1: [1, 2]\nw2: [3, 4", 4),
    "unicode_minus": ("w1: [1, 2]\nw2: [3, \N{MINUS SIGN}4]", 4),
    "none_in_a_list": ("[1, 2]\n[3, None]", 4),
    "complex_numbers": ("array([1., 2.])\narray([1.+2.j, 3.+0.j])", 4),
    "fortran_exponents": ("1.0 2.0\n1d0 2d0\n", 4),
    "number_beside_a_tensor": ("[1.0, tensor([2., 3.])]", 3),
    "labelled_integers": ("w1 1 2 3\nw2 0.5 0.6 0.7", 6),
    "number_in_a_dict_of_tensors": ("{'w1': tensor([1., 2.]), 'loss': 0.5}", 3),
    "numpy_scalar_in_a_dict": ("{'w1': array([1., 2.]), 'loss': np.float64(0.5)}", 3),
    "several_labels_in_a_line": ("loss: 0.5\nloss: 0.5, acc: 0.9", 3),
    "comment_after_a_row": ("1.0 2.0\n3.0 4.0 # last\n", 4),
}


@pytest.mark.parametrize(("text", "numbers"), PARTLY_READABLE.values(), ids=PARTLY_READABLE)
def test_no_number_is_left_out_in_silence(text, numbers):
    with contextlib.suppress(UsageError):
        assert read(text).size == numbers


ROW = " ".join(["0.25"] * 30)
COMMAS = ROW.replace(" ", ", ")

LONG = {
    "row_with_a_word": f"{ROW} end\n1 2",
    "labelled_row_with_a_word": f"w1: {ROW} end\n1 2",
    "list_with_none": f"[{COMMAS}, None]\n1 2",
    "list_with_complex": f"[{COMMAS}, 1+2j]\n1 2",
    "version_of_many_parts": f"{'1.' * 60}x\n1 2",
    "very_long_integer": f"{'1' * 5_000}x\n1 2",
    "ragged_and_deep": "[[1], " * 5_000 + "]" * 5_000,
    "brackets_that_never_close": f"{'[' * 5_000}\n1 2",
    "a_log": "a line of a log without a number\n" * 25_000,
    "options_that_never_end": "[1.0], dtype=float32\n" * 1_500 + "x" * 750_000,
    "many_tensors": "loss: tensor(0.5)\n" * 5_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_nothing_takes_long(text):
    with contextlib.suppress(UsageError), seconds_at_most(3):
        read(text)


def test_a_large_file_takes_seconds_at_most():
    values = np.linspace(-1, 1, 25_000).reshape(250, 100)
    with seconds_at_most(2):
        check("\n".join(" ".join(map(repr, row)) for row in values.tolist()), (None, values))
        check(f"tensor({values.tolist()}, dtype=torch.float64)", (None, values))
