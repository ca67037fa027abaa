"""The one matrix of an answer: where its numbers are, and which answers are the same."""

import itertools

import ml_dtypes
import numpy as np
import pytest

from compare.problem.answer_matrix import answer_in, matrix_of, pack, row_ranges, share
from compare.problem.answers import Answer, arrays_of, take, without_missing_biases
from compare.problem.axes import samples_last
from compare.problem.network import Network
from jaxmlp.base import Layer

_SHAPES = [[(2, 3), (3,)], [(3, 1), (1,)]]


def _answer(n=5, *, dtype=np.float32, seed=0, biases=True, more=True):
    rng = np.random.default_rng(seed)

    def drawn(*shape):
        return rng.normal(size=(n, *shape)).astype(dtype)

    grads = tuple(Layer(drawn(*w), drawn(*b) if biases else drawn(0)) for w, b in _SHAPES)
    return Answer(grads, drawn(1), drawn()) if more else Answer(grads)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("n", [1, 5, 64])
def test_every_number_is_in_its_row(n, dtype):
    answer = _answer(n, dtype=dtype)
    packed = pack(answer)
    matrix, rows = matrix_of(packed), row_ranges(packed)
    assert matrix.shape == (15, n)
    assert matrix.dtype == dtype
    assert matrix.flags.c_contiguous
    assert matrix.__array_interface__["data"][0] % 64 == 0
    assert list(rows) == ["w1", "b1", "w2", "b2", "prediction", "loss"]
    assert list(itertools.chain(*rows.values())) == list(range(15))
    for one, given, its in zip(arrays_of(packed), arrays_of(answer), rows.values(), strict=True):
        assert one.shape == given.shape
        assert one.dtype == given.dtype
        assert one.tobytes() == given.tobytes()
        assert np.shares_memory(one, matrix)
        assert samples_last(one).tobytes() == matrix[its.start : its.stop].tobytes()
        assert np.shares_memory(samples_last(one), matrix)


@pytest.mark.parametrize("biases", [(), (False, True), (False, False)])
def test_a_matrix_is_read_as_the_answer_that_it_holds(biases):
    network = Network((2, 3, 1), ("sigmoid",), biases=biases)
    packed = pack(without_missing_biases(_answer(), network))
    read = answer_in(matrix_of(packed), network)
    assert pack(read) is read
    for one, given in zip(arrays_of(read), arrays_of(packed), strict=True):
        assert one.shape == given.shape
        assert one.tobytes() == given.tobytes()


def test_what_is_in_a_matrix_stays_there():
    packed = pack(_answer())
    assert pack(packed) is packed
    assert np.shares_memory(matrix_of(packed), packed.grads[0].w)


@pytest.mark.parametrize(("biases", "more", "rows"), [(False, True, 11), (True, False, 13)])
def test_what_an_answer_has_not_has_no_rows(biases, more, rows):
    packed = pack(_answer(biases=biases, more=more))
    assert len(matrix_of(packed)) == rows
    assert set(row_ranges(packed)) == {"w1", "w2"} | (
        {"b1", "b2"} if biases else {"prediction", "loss"}
    )


def test_an_answer_of_several_dtypes_has_no_matrix():
    answer = _answer()
    packed = pack(answer._replace(loss=answer.loss.astype(np.float64)))
    assert matrix_of(packed) is None
    assert packed.loss.dtype == np.float64
    assert packed.grads[0].w.tobytes() == answer.grads[0].w.tobytes()
    assert np.shares_memory(samples_last(packed.grads[0].w), packed.grads[0].w)


def _swapped(answer):
    return answer._replace(grads=answer.grads[::-1])


@pytest.mark.parametrize(
    "change",
    [
        lambda one: take(one, slice(1, 4)),
        lambda one: take(one, np.array([2, 1, 0, 3, 4])),
        lambda one: one._replace(loss=one.loss[::-1]),
        lambda one: one._replace(loss=one.loss.copy()),
        lambda one: one._replace(loss=None, prediction=one.loss[:, None]),
        lambda one: one._replace(loss=one.prediction[:, 0]),
        lambda one: one._replace(prediction=None),
        lambda one: one._replace(prediction=one.prediction.view(np.int32)),
        _swapped,
    ],
)
def test_what_was_changed_is_put_into_another_matrix(change):
    changed = change(pack(_answer()))
    assert matrix_of(changed) is None
    packed = pack(changed)
    assert [one.tobytes() for one in arrays_of(packed)] == [
        one.tobytes() for one in arrays_of(changed)
    ]


def test_the_first_rows_alone_are_a_matrix():
    packed = pack(_answer())
    fewer = packed._replace(loss=None)
    assert np.array_equal(matrix_of(fewer), matrix_of(packed)[:-1])


def test_answers_of_the_same_bits_are_one_object():
    nan = _answer()
    nan.grads[0].w[0, 0, 0] = np.nan
    answers = {"a": nan, "b": _answer(seed=1), "c": pack(nan), "d": _answer(seed=1)}
    shared = share(answers)
    assert shared["a"] is shared["c"]
    assert shared["b"] is shared["d"]
    assert shared["a"] is not shared["b"]


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize(("value", "other"), [(0.0, -0.0), (np.nan, -np.nan), (1.0, 1 + 2**-23)])
def test_one_other_bit_is_another_answer(place, value, other):
    one, two = _answer(), _answer()
    for answer, number in ((one, value), (two, other)):
        arrays_of(answer)[place].reshape(-1)[-1] = number
    shared = share({"one": one, "two": two})
    assert shared["one"] is not shared["two"]


@pytest.mark.parametrize(
    "other",
    [
        lambda one: one._replace(loss=None),
        lambda one: one._replace(prediction=None),
        lambda one: one._replace(printed=one.grads),
        lambda one: take(one, slice(0, 3)),
        lambda one: one._replace(loss=one.loss.astype(np.float64)),
        lambda one: Answer(
            *(
                tuple(Layer(w.view(np.int32), b.view(np.int32)) for w, b in one.grads),
                one.prediction.view(np.int32),
                one.loss.view(np.int32),
            )
        ),
    ],
)
def test_answers_with_other_arrays_are_not_the_same(other):
    shared = share({"one": _answer(), "two": other(_answer())})
    assert shared["one"] is not shared["two"]


def test_answers_of_several_dtypes_may_be_the_same():
    def mixed():
        return _answer()._replace(loss=np.arange(5.0))

    shared = share({"one": mixed(), "two": mixed(), "three": mixed()._replace(loss=np.zeros(5))})
    assert shared["one"] is shared["two"]
    assert shared["one"] is not shared["three"]
