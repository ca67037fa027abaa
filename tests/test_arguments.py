"""Whatever the library is given: one sentence that names the argument, and never another error."""

import collections
import itertools
import pathlib
import re
from unittest import mock

import numpy as np
import pytest

from compare import CallStyle, Detail, Draw, Machine, UsageError, compare_gradients
from compare.options.groups import FIELDS, GROUPS
from compare.testing import assert_gradients_agree

PARAMS = [
    (np.ones((2, 3), np.float32), np.zeros(3, np.float32)),
    (np.ones((3, 1), np.float32), np.zeros(1, np.float32)),
]
X = np.full((4, 2), 0.5, np.float32)
SET = {"implementations": ("torch_autograd", "numpy_manual"), "detail": Detail(witness=0)}


class Raises:
    """Nothing can be asked of it."""

    def _refuse(self, *args):
        raise ZeroDivisionError("asked too much")

    __len__ = __getitem__ = __iter__ = __array__ = __index__ = __eq__ = __fspath__ = _refuse
    __bool__ = __float__ = __str__ = __repr__ = _refuse
    __hash__ = None


class Exits:
    """Ends the program wherever it is asked."""

    def _leave(self, *args):
        raise SystemExit(0)

    __len__ = __getitem__ = __iter__ = __array__ = __index__ = __fspath__ = _leave


class Kind(type):
    """The class of classes whose name cannot be asked for."""

    @property
    def __name__(cls):
        raise ZeroDivisionError("asked too much")


class Nameless(metaclass=Kind):
    pass


class NoLength:
    def __getitem__(self, i):
        return i


class NoEnd:
    """Says that it has three items, and goes on for ever."""

    def __len__(self):
        return 3

    def __getitem__(self, i):
        return 1.0


class Endless(collections.abc.Mapping):
    __getitem__ = __len__ = None

    def __iter__(self):
        return itertools.count()

    def items(self):
        return ((i, i) for i in itertools.count())


class TooLong:
    def __len__(self):
        return 10**12

    def __getitem__(self, i):
        return PARAMS[1]


def itself():
    inside = []
    inside += [inside, inside]
    return inside


NOTHING = {
    "None": lambda: None,
    "true": lambda: True,
    "negative": lambda: -1,
    "float": lambda: 1.5,
    "nan": lambda: np.nan,
    "huge": lambda: 10**30,
    "thousands of digits": lambda: 10**5000,
    "complex": lambda: 1j,
    "empty text": lambda: "",
    "text": lambda: "a\0b",
    "bytes": lambda: b"ab",
    "empty list": lambda: [],
    "empty dict": lambda: {},
    "dict": lambda: {"w": X, "b": X},
    "set": lambda: {1, 2},
    "object": object,
    "type": lambda: int,
    "function": lambda: lambda *a: None,
    "ragged": lambda: [[1.0, 2.0], [3.0]],
    "itself": itself,
    "texts": lambda: ["a", "b"],
    "objects": lambda: np.array([None, {}]),
    "structured": lambda: np.zeros(2, [("a", float)]),
    "dates": lambda: np.zeros((4, 2), "M8[s]"),
    "masked": lambda: np.ma.masked_less(np.arange(8.0).reshape(4, 2), 3),
    "masked inside": lambda: [np.ma.masked_less([1.0, 2.0], 2)] * 4,
    "no axes": lambda: np.float32(1),
    "numbers": lambda: np.ones((7, 7, 7)),
    "path": lambda: pathlib.Path("nowhere"),
    "generator": lambda: (i for i in itertools.count()),
    "count": itertools.count,
    "cycle": lambda: itertools.cycle(["jax_grad"]),
    "no length": NoLength,
    "no end": NoEnd,
    "no end inside": lambda: [NoEnd()] * 4,
    "endless dict": Endless,
    "too long": TooLong,
    "raises": Raises,
    "exits": Exits,
    "nameless": Nameless,
    "half a character": lambda: "\ud800",
    "long text": lambda: "x" * 100_000,
    "raises inside": lambda: [Raises(), Raises()],
    "pairs of nothing": lambda: [(None, None), (None, None)],
    "layers as dicts": lambda: [{"w": w, "b": b} for w, b in PARAMS],
    "dict of nothing": lambda: {"a": None},
    "dict of what raises": lambda: {"a": Raises()},
    "dict of no end": lambda: {"a": NoEnd(), "b": [NoEnd(), NoEnd()]},
}
# What is right, among these.
RIGHT = {
    "params": {"layers as dicts"},
    "x": {"None"},  # for samples that are drawn
    "candidate": {"None"},
    "y": {"None"},
    "activation": {"None"},
    "output": {"None"},
    "loss": {"None"},
    "bias": {"None"},
    "l2": {"float", "huge", "no axes"},
    "implementations": set(),
    "candidates": {"empty list", "empty dict"},
    "gradients": {"None", "empty dict"},
    "dtype": {"None", "no axes"},  # which has one
    "cast": {"true"},
    "call_style.batched": {"true"},
    "call_style.learning_rate": {"None"},
    "reduction": {"None"},
    "call_style.batch_size": {"None"},
    "machine.deterministic": {"true"},
    "layout": {"None"},  # the one that fits
    "detail.trace": {"None"},
    "detail.baseline": {"None"},
    "detail.save_baseline": {"None", "path"},
    "save": {"None", "path"},
    "on_block": {"None", "function", "type"},
}
NAMES = (
    *("params", "x", "y", "activation", "output", "loss", "bias", "l2", "implementations"),
    *("candidate", "candidates", "gradients", "reduction", "dtype", "cast", "layout"),
    *("save", "on_block", *GROUPS, *(".".join(field) for field in FIELDS.values())),
)
# A shape that does not fit is said of both; a candidate is named by its own name.
SAID = {"params": "params|dtype", "x": "x|samples", "y": "y|samples", "candidates": "candidate"}


def argument(name, value):
    """Returns an argument by name, or one that is a group by the name of a field of it."""
    name, *fields = name.split(".")
    return {name: GROUPS[name](**{fields[0]: value}) if fields else value}


def said_of(arguments):
    try:
        return compare_gradients(**arguments).verdict
    except UsageError as error:
        return str(error)


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_argument_is_one_sentence(name):
    for what, make in NOTHING.items():
        if what in RIGHT.get(name, ()):
            continue
        said = said_of({"params": PARAMS, "x": X, **SET, **argument(name, make())})
        named = any(word in said for word in SAID.get(name, name).split("|"))
        assert (named, len(said) < 1000, "--" in said) == (True, True, False), (what, said)


BACKWARD = {"candidate": lambda *given: PARAMS}
TOGETHER = {
    "an end and a loss": {"output": "softmax", "loss": "hinge"},
    "a softmax of one": {"output": "softmax"},
    "classes without a softmax": {"loss": "cross_entropy"},
    "labels of another loss": {"loss": "binary_cross_entropy", "y": np.full((4, 1), 3.0)},
    "a bias that is none": {"bias": "none", "params": [(w, b + 1) for w, b in PARAMS]},
    "one that is not there": {"implementations": ["jax_grad"]},
    "a size without a batch": {"call_style": CallStyle(batch_size=2)},
    "a batch, batched": {"reduction": "mean", "call_style": CallStyle(batched=True), **BACKWARD},
    "a rate without a step": {"call_style": CallStyle(learning_rate=0.1), **BACKWARD},
    "a step without a rate": {"call_style": CallStyle(returns="update"), **BACKWARD},
    "a sample that is not there": {"detail": Detail(trace=9)},
    "a device that is not there": {"machine": Machine(device="cpu:7")},
    "numbers that float16 has not": {"dtype": "float16", "x": X + np.float32(1e-6)},
    "a layout that does not fit": {"layout": "out_in"},
    "gradients of other samples": {"gradients": {"g": [(w[None], b[None]) for w, b in PARAMS]}},
    "gradients of a batch": {"gradients": {"g": PARAMS}},
    "samples and no weights": {"params": None},
}


@pytest.mark.parametrize("together", TOGETHER.values(), ids=TOGETHER)
def test_what_does_not_go_together_is_told_without_a_flag(together):
    said = said_of({"params": PARAMS, "x": X, **SET, **together})
    assert said not in ("agree", "disagree", "undecided")
    assert not re.search(r"--\w|\bcandidate_(arrays|batched|returns)\b", said), said


def test_what_a_users_own_code_says_stays_as_it_is():
    def backward(params, x, y):
        raise ValueError("--loss=squared is what I want")

    said = said_of({"params": PARAMS, "x": X, **SET, "candidate": backward})
    assert "ValueError: --loss=squared is what I want" in said


def test_a_mock_is_no_array():
    said = "x: expected an array of numbers: got MagicMock; pass an array, or lists of numbers"
    assert said_of({"params": PARAMS, "x": mock.MagicMock(), **SET}) == said


@pytest.mark.parametrize("argument", ["candidates", "gradients"])
def test_a_name_that_is_no_text_is_told(argument):
    said = said_of({"params": PARAMS, "x": X, **SET, argument: {10**5000: lambda *a: PARAMS}})
    assert said.startswith(f"{argument}: expected names, got one that raises: ")


def test_layers_in_dicts_are_read_by_their_names():
    layers = [{"w": w, "b": b} for w, b in PARAMS]
    assert said_of({"params": layers, "x": X}) == "agree"


def test_a_list_that_contains_itself_is_told():
    said = "x: expected an array of numbers: got a list that contains itself"
    assert said_of({"params": PARAMS, "x": itself()}) == said


def test_numpys_integers_and_iterators_with_an_end_are_taken():
    names = iter(SET["implementations"])
    detail = Detail(trace=np.int64(1), witness=np.int32(0))
    options = {"draw": Draw(seed=np.uint8(3)), "detail": detail}
    assert said_of({"params": PARAMS, "x": X, "implementations": names, **options}) == "agree"


def test_the_assertion_for_test_suites_says_the_same():
    with pytest.raises(UsageError, match=r"^save: expected the path of a folder, got 5$"):
        assert_gradients_agree(PARAMS, X, save=5, **SET)
    with pytest.raises(
        UsageError, match=r"^draw\.seed: expected an integer of at least 0, got -1$"
    ):
        assert_gradients_agree(PARAMS, X, draw=Draw(seed=-1), **SET)
