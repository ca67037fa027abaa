"""What is told of a wrong delta of the output, by output and loss, and of a wrong penalty."""

import re

import numpy as np
import pytest

from compare.catalogue import ENDS
from compare.evidence.certificate.losses import LOSSES
from compare.evidence.certificate.making import make_case
from compare.problem.labels import Labels
from compare.problem.network import make_network
from tests.evidence.hypotheses.test_search import network, sigmoid
from tests.support.explanations import explanation_of

SOFTMAX, SIGMOID = ("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy")
GIVES = "what the chain rule gives"
NAMES = ["-".join(end) for end in ENDS]


def told(end, delta, **options):
    """Returns the causes that are told; None if nothing is wrong."""
    found = explained(end, delta, **options)
    return found and [(*one.quantities, one.said) for one in found.causes]


def explained(end, delta, *, k=3, dtype=np.float32, l2=0.0, change=None, scale=1.0, labels=None):
    """Explains a program of 3-5-k sigmoid with another delta (z [k, N], y)."""
    (first, last), (x, _) = network(sizes=(3, 5, k), dtype=dtype)
    last = last._replace(w=(scale * last.w).astype(dtype))
    y = Labels(*end, k).drawn(x, 0)
    if labels is not None:
        y = labels(y).astype(dtype)
    h = sigmoid(x @ first.w + first.b)
    z = h @ last.w + last.b
    delta2 = np.asarray(delta(z.T.astype(np.float64), y.T.astype(np.float64)).T, dtype)
    delta1 = (delta2 @ last.w.T) * h * (1 - h)
    outer = [(x[:, :, None] * delta1[:, None], delta1), (h[:, :, None] * delta2[:, None], delta2)]
    layers = (first, last)
    grads = [(dw + dtype(l2) * w, db) for (dw, db), (w, _) in zip(outer, layers, strict=True)]
    if change is not None:
        grads = [change(*one, *layer) for one, layer in zip(grads, layers, strict=True)]
    sizes = make_network((3, 5, k), "sigmoid", output=end[0], loss=end[1], l2=l2)
    return explanation_of(make_case(sizes, layers, x, y, grads), len(x))


def right_for(end):
    return lambda z, y: LOSSES[end].slope(np, z, y)


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=0)


def pulled(z, g):
    p = softmax(z)
    return p * (g - (p * g).sum(axis=0))


def steep(z):
    return sigmoid(z) * sigmoid(-z)


@pytest.mark.parametrize("end", ENDS, ids=NAMES)
def test_nothing_is_told_of_what_is_right(end):
    assert told(end, right_for(end)) is None
    assert told(end, right_for(end), l2=0.01) is None


# asked for, computed -> flags; those of one output and two squared losses differ by a factor alone
@pytest.mark.parametrize(
    ("asked", "computed", "flags"),
    [
        (("linear", "squared"), SOFTMAX, "--output=softmax --loss=cross_entropy"),
        (("linear", "squared"), SIGMOID, "--output=sigmoid --loss=binary_cross_entropy"),
        (("linear", "squared"), ("sigmoid", "squared"), "--output=sigmoid"),
        (("linear", "squared"), ("tanh", "half_squared"), "--output=tanh --loss=half_squared"),
        (
            ("linear", "squared"),
            ("sigmoid", "half_squared"),
            "--output=sigmoid --loss=half_squared",
        ),
        (("linear", "squared"), ("linear", "absolute"), "--loss=absolute"),
        (("linear", "squared"), ("linear", "huber"), "--loss=huber"),
        (("linear", "huber"), ("linear", "half_squared"), "--loss=half_squared"),
        (("linear", "hinge"), ("linear", "squared"), "--loss=squared"),
        (SOFTMAX, ("softmax", "squared"), "--loss=squared"),
        (SOFTMAX, SIGMOID, "--output=sigmoid --loss=binary_cross_entropy"),
        (SIGMOID, ("sigmoid", "squared"), "--loss=squared"),
        (SIGMOID, ("linear", "half_squared"), "--output=linear --loss=half_squared"),
        (("sigmoid", "squared"), SIGMOID, "--loss=binary_cross_entropy"),
        (("softmax", "squared"), SOFTMAX, "--loss=cross_entropy"),
    ],
    ids=lambda one: one if isinstance(one, str) else "-".join(one),
)
def test_another_output_or_loss_has_its_flags(asked, computed, flags):
    assert told(asked, right_for(computed)) == [("the gradient", f"right for {flags}")]


def test_a_slope_that_is_left_out_is_not_taken_for_that_of_relu_of_positive_z():
    causes = told(("sigmoid", "half_squared"), lambda z, y: sigmoid(z) - y, k=1)
    said = "computed without the slope of sigmoid, or the gradient is right for --loss="
    assert causes == [("delta2", f"{said}binary_cross_entropy")]


def test_softmax_less_y_has_its_name_where_labels_do_not_add_up_to_1():
    causes = told(("softmax", "squared"), lambda z, y: softmax(z) - y, labels=lambda y: 0.3 * y)
    said = "softmax(z2) - y, as of --loss=cross_entropy with labels that add up to 1"
    assert causes == [("delta2", said)]


def test_where_many_mistakes_fit_alike_none_is_told():
    found = explained(("linear", "huber"), right_for(("linear", "absolute")), k=1)
    assert (found.causes, found.are_many) == ((), True)
    assert not explained(("linear", "huber"), lambda z, y: 3.3 + z * y, k=1).are_many


_BCE, _CE = right_for(SIGMOID), right_for(SOFTMAX)
_OF_SIGMOID, _OF_SOFTMAX = right_for(("sigmoid", "squared")), right_for(("softmax", "squared"))
_DIAGONAL = "computed with the diagonal p (1 - p) of the Jacobian of softmax alone"
_JACOBIAN = "the Jacobian of softmax"

# (end, what is computed, [what is told])
MISTAKES = {
    "the diagonal of softmax": (
        ("softmax", "squared"),
        lambda z, y: 2 * (softmax(z) - y) * softmax(z) * (1 - softmax(z)),
        ("delta2", _DIAGONAL),
    ),
    "no Jacobian": (
        ("softmax", "squared"),
        lambda z, y: 2 * (softmax(z) - y),
        ("delta2", f"computed without {_JACOBIAN}"),
    ),
    "the Jacobian twice": (
        ("softmax", "squared"),
        lambda z, y: pulled(z, _OF_SOFTMAX(z, y)),
        ("delta2", f"multiplied by {_JACOBIAN} twice"),
    ),
    "no slope": (
        ("sigmoid", "squared"),
        lambda z, y: 2 * (sigmoid(z) - y),
        ("delta2", "computed without the slope of sigmoid"),
    ),
    "the slope twice": (
        ("sigmoid", "squared"),
        lambda z, y: _OF_SIGMOID(z, y) * steep(z),
        ("delta2", "multiplied by the slope of sigmoid twice"),
    ),
    "the slope at yhat": (
        ("sigmoid", "squared"),
        lambda z, y: 2 * (sigmoid(z) - y) * steep(sigmoid(z)),
        ("delta2", "computed with the slope of sigmoid at yhat, not at z2"),
    ),
    "the slope of h at z": (
        ("tanh", "squared"),
        lambda z, y: 2 * (np.tanh(z) - y) * (1 - z * z),
        ("delta2", "computed with the slope of tanh as 1 - h^2 of z2, not of yhat"),
    ),
    "no margin": (
        ("tanh", "hinge"),
        lambda z, y: -2 * y * np.maximum(1 - y * np.tanh(z), 0) * (1 - np.tanh(z) ** 2),
        ("the gradient", "right for --loss=squared"),
    ),
    "over classes": (
        SOFTMAX,
        lambda z, y: _CE(z, y) / 3,
        ("the gradient", f"0.3333 times {GIVES}, as by a mean over the 3 outputs"),
    ),
    "a logarithm to base 2": (
        SOFTMAX,
        lambda z, y: _CE(z, y) / np.log(2),
        ("the gradient", f"1.443 times {GIVES}, as by log2 in place of log"),
    ),
    "turned": (
        SOFTMAX,
        lambda z, y: y - softmax(z),
        (
            "the gradient",
            f"the negative of {GIVES}, as by y - softmax(z) in place of softmax(z) - y",
        ),
    ),
    "the next class": (
        SOFTMAX,
        lambda z, y: softmax(z) - np.roll(y, 1, axis=0),
        ("delta2", "computed with y moved by one class"),
    ),
    "softmax of softmax": (
        SOFTMAX,
        lambda z, y: pulled(z, softmax(softmax(z)) - y),
        (
            "delta2",
            "that of a loss of logits, such as torch.nn.CrossEntropyLoss, which was given "
            "softmax(z2): softmax is taken twice",
        ),
    ),
    "p (1 - p) after p - y": (
        SOFTMAX,
        lambda z, y: (softmax(z) - y) * softmax(z) * (1 - softmax(z)),
        ("delta2", "multiplied by p (1 - p), although softmax(z2) - y is all of it"),
    ),
    "an epsilon": (
        SOFTMAX,
        lambda z, y: pulled(z, -y / (softmax(z) + 1e-3)),
        ("delta2", "that of log(p + 0.001)"),
    ),
    "sigmoid of sigmoid": (
        SIGMOID,
        lambda z, y: (sigmoid(sigmoid(z)) - y) * steep(z),
        (
            "delta2",
            "that of a loss of logits, such as torch.nn.BCEWithLogitsLoss, which was given "
            "sigmoid(z2): sigmoid is taken twice",
        ),
    ),
    "one term of two": (
        SIGMOID,
        lambda z, y: -y * (1 - sigmoid(z)),
        ("delta2", "the slope of -y log p: the term of 1 - y is left out"),
    ),
    "no slope in a cross-entropy": (
        SIGMOID,
        lambda z, y: (sigmoid(z) - y) / steep(z),
        ("delta2", "computed without the slope of sigmoid"),
    ),
    "two names for one": (
        SIGMOID,
        lambda z, y: (sigmoid(z) - y) * steep(z),
        (
            "delta2",
            "multiplied by the slope of sigmoid, although sigmoid(z2) - y is all of it, or the "
            "gradient is right for --loss=half_squared",
        ),
    ),
    "twice the half": (
        ("linear", "half_squared"),
        lambda z, y: 2 * (z - y),
        ("the gradient", f"twice {GIVES}, right for --loss=squared"),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_its_name(name):
    end, delta, *causes = MISTAKES[name]
    assert told(end, delta) == causes


_LESS = "computed with a margin of less than 1: 0 where y yhat is "


# what is computed on (output, loss), whose z are large enough to reach all pieces -> what is told
@pytest.mark.parametrize(
    ("end", "delta", "said"),
    {
        "a margin of 0": (
            ("linear", "hinge"),
            lambda z, y: np.where(y * z <= 0, -y, 0),
            rf"{_LESS}0\.\d+, as by y yhat < 0 in place of y yhat < 1",
        ),
        "a margin of 1/2": (
            ("tanh", "hinge"),
            lambda z, y: np.where(y * np.tanh(z) < 0.5, -y, 0) * (1 - np.tanh(z) ** 2),
            rf"{_LESS}0\.[56]\d*",
        ),
        "a margin of 3/2": (
            ("linear", "hinge"),
            lambda z, y: np.where(y * z < 1.5, -y, 0),
            r"computed with a margin of more than 1: -y where y yhat is 1\.\d+",
        ),
        "no margin": (
            ("linear", "hinge"),
            lambda z, y: -y,
            r"computed with no margin, or one of more than 1: -y where y yhat is \d+\.\d+",
        ),
        "the tail of Huber without its sign": (
            ("linear", "huber"),
            lambda z, y: np.where(np.abs(z - y) > 1, 1, z - y),
            "computed without the sign of yhat - y where it is more than 1 in size",
        ),
    }.values(),
    ids=["less", "half", "more", "none", "huber"],
)
def test_another_piece_of_a_loss_is_told(end, delta, said):
    ((quantity, found),) = told(end, delta, scale=4)
    assert quantity == "delta2"
    assert re.fullmatch(said, found), found


def test_labels_and_prediction_exchanged():
    soft = lambda y: np.where(y > 0, 0.8, 0.1)  # noqa: E731
    assert told(SOFTMAX, lambda z, y: pulled(z, -np.log(y)), labels=soft) == [
        ("delta2", "the slope of -p log y: labels and prediction are exchanged")
    ]


def test_what_a_library_clips_is_told():
    """z is so far from its label that torch.nn.BCELoss has no slope left."""

    def by_torch(z, y):
        return (sigmoid(z) - y) / np.maximum(steep(z), 1e-12) * steep(z)

    assert told(SIGMOID, by_torch, scale=100) == [
        (
            "delta2",
            "that of torch.nn.BCELoss, which divides by no less than 1e-12: use BCEWithLogitsLoss",
        )
    ]


WEIGHTS = ("dL/dw2", "dL/dw1")
TERM = "for the slope lambda w of the penalty"


@pytest.mark.parametrize("end", [("linear", "squared"), SOFTMAX], ids="-".join)
@pytest.mark.parametrize(
    ("change", "cause"),
    {
        "forgotten": (
            lambda dw, db, w, b: (dw - np.float32(0.01) * w, db),
            (*WEIGHTS, "computed without the slope lambda w of the penalty"),
        ),
        "doubled": (
            lambda dw, db, w, b: (dw + np.float32(0.01) * w, db),
            (*WEIGHTS, f"computed with 2 lambda w {TERM}"),
        ),
        "of the wrong sign": (
            lambda dw, db, w, b: (dw - np.float32(0.02) * w, db),
            (*WEIGHTS, f"computed with -lambda w {TERM}"),
        ),
        "over the samples": (
            lambda dw, db, w, b: (dw + np.float32(0.01 / 12 - 0.01) * w, db),
            (*WEIGHTS, f"computed with lambda w / 12, the number of samples, {TERM}"),
        ),
        "of signs": (
            lambda dw, db, w, b: (dw + np.float32(0.01) * (np.sign(w) - w), db),
            (*WEIGHTS, f"computed with lambda sign(w) {TERM}"),
        ),
        "of biases": (
            lambda dw, db, w, b: (dw, db + np.float32(0.01) * b),
            (
                *("dL/db2", "dL/db1"),
                "computed with lambda b added, although the penalty is of weights alone",
            ),
        ),
        "all doubled": (
            lambda dw, db, w, b: (2 * dw, 2 * db),
            ("the gradient", f"twice {GIVES}"),
        ),
    }.values(),
    ids=lambda one: None if callable(one) else one[-1],
)
def test_a_wrong_penalty_is_told(end, change, cause):
    ((*quantities, said),) = told(end, right_for(end), l2=0.01, change=change)
    assert tuple(quantities) == cause[:-1]
    assert said.startswith(cause[-1]), said


def test_of_another_penalty_in_one_layer_both_slopes_are_told():
    def change(dw, db, w, b):
        return dw - np.float32(0.005) * w if len(w) == 3 else dw, db

    said = "computed with 0.005 w where the slope lambda w of the penalty is 0.01 w"
    assert told(SOFTMAX, _CE, l2=0.01, change=change) == [("dL/dw1", said)]


def test_a_penalty_that_nobody_asked_for_is_weight_decay():
    said = told(SOFTMAX, _CE, change=lambda dw, db, w, b: (dw + np.float32(0.01) * w, db))
    assert said == [(*WEIGHTS, "that of the loss + 0.01 w: weight decay, an L2 term")]
