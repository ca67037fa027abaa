"""Every kind of cause: a program that makes one mistake, and what is told of it."""

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
import pytest

from compare.activation_names import row_of
from compare.evidence.hypotheses.explanation import Cause
from compare.evidence.hypotheses.samples import Surroundings
from compare.evidence.hypotheses.search import explain
from compare.implementations.numpy_activations import ACTIVATIONS, FAMILIES
from jaxmlp.base import Batch, Layer
from tests.support.cases import case_of

SIZES, SAMPLES = (3, 5, 5, 5, 2), 12


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


@dataclasses.dataclass
class Program:
    """A backward of a sigmoid network, every step of which can be another one."""

    x: Callable = lambda x: x
    forward: Callable = lambda params: params
    phi: Callable = lambda layer, z: sigmoid(z)
    output: Callable = lambda yhat, y: 2 * (yhat - y)
    slope: Callable = lambda layer, z, h: sigmoid_slope(z)
    passed_down: Callable = lambda layer, w, delta, h: delta @ w.T
    grads: Callable = lambda layers, params: layers

    def __call__(self, params, x, y):
        """Returns dL/dw [N, n_in, n_out] and dL/db [N, n_out] of every layer."""
        h, z = [self.x(x)], []
        for layer, (w, b) in enumerate(self.forward(params), start=1):
            z.append(h[-1] @ w + b)
            h.append(self.phi(layer, z[-1]) if layer < len(params) else z[-1])
        delta, layers = self.output(h[-1], y), []
        for layer in range(len(params), 0, -1):
            layers.insert(0, [h[layer - 1][:, :, None] * delta[:, None], delta])
            if layer > 1:
                s = self.passed_down(layer, params[layer - 1].w, delta, h[layer - 1])
                delta = s * self.slope(layer - 1, z[layer - 2], h[layer - 1])
        return tuple(Layer(*one) for one in self.grads(layers, params))


def network(dtype=np.float32, sizes=SIZES, seed=0, samples=SAMPLES, scale=1):
    rng = np.random.default_rng(seed)
    params = tuple(
        Layer((scale * rng.normal(size=pair)).astype(dtype), rng.normal(size=pair[1]).astype(dtype))
        for pair in itertools.pairwise(sizes)
    )
    x, y = (rng.random((samples, n)).astype(dtype) for n in (sizes[0], sizes[-1]))
    return params, Batch(x, y)


def told(program, *, params_given=None, activation="sigmoid", **options):
    params, batch = network(**options)
    grads = program(params, *batch)
    case = case_of(params_given or params, batch, grads, activation)
    rows = np.arange(len(batch.x))
    earlier = case.take(rows - 1).wide().zeroed_but(rows > 0).grads
    around = Surroundings(len(rows), "in_out", case.x, case.y, rows, earlier)
    found = explain([case], around)
    return found and [(*cause.quantities, cause.said) for cause in found.causes]


def of_layer(number, change):
    """Changes dL/dw and dL/db of one layer."""

    def grads(layers, params):
        layers[number - 1] = change(*layers[number - 1])
        return layers

    return grads


def everywhere(change):
    def grads(layers, params):
        return [change(*layer) for layer in layers]

    return grads


def with_layer(number, **changes):
    """Changes w or b of one layer of the forward pass."""

    def forward(params):
        layer = params[number - 1]
        new = {name: change(getattr(layer, name)) for name, change in changes.items()}
        return (*params[: number - 1], layer._replace(**new), *params[number:])

    return forward


def updated(layer, w, delta, h):
    stepped = w - np.float32(0.1) * h[:, :, None] * delta[:, None]
    return np.einsum("nj,nij->ni", delta, stepped)


def decayed(layers, params):
    return [
        (dw + np.float32(0.01) * w, db) for (dw, db), (w, _) in zip(layers, params, strict=True)
    ]


def kept(layers, share, scale=1):
    """Adds to every sample a share of what was returned for the one before."""
    share, scale = np.float32(share), np.float32(scale)

    def with_earlier(leaf):
        sums = [scale * leaf[0]]
        for one in leaf[1:]:
            sums.append(scale * one + share * sums[-1])
        return np.stack(sums)

    return [tuple(map(with_earlier, one)) for one in layers]


def clipped(layers, params):
    squares = sum((leaf**2).reshape(len(leaf), -1).sum(axis=1) for one in layers for leaf in one)
    by = np.minimum(1, 1 / np.sqrt(squares))
    return [(dw * by[:, None, None], db * by[:, None]) for dw, db in layers]


RETURNED = (
    "times what was returned for the sample before, as by a momentum that is kept from one call "
    "to the next"
)
GIVES = "what the chain rule gives"
NETWORK = "; the network has sigmoid"

# a mistake -> (the program that makes it, its causes)
KINDS = {
    "x scaled": (Program(x=lambda x: 2 * x), [("x", "2 times that of the sample")]),
    "x shifted": (
        Program(x=lambda x: x - np.float32(0.5)),
        [("x", "x - 0.5, with x of the sample")],
    ),
    "features turned": (
        Program(x=lambda x: x[:, ::-1]),
        [("x", "that of the sample with its features in the other order")],
    ),
    "a sample earlier": (
        Program(grads=everywhere(lambda dw, db: (np.roll(dw, 1, 0), np.roll(db, 1, 0)))),
        [("the gradient", "that of the sample before")],
    ),
    "added up": (
        Program(grads=everywhere(lambda dw, db: (np.cumsum(dw, 0), np.cumsum(db, 0)))),
        [("the gradient", "added up over the samples: it was not set to zero in between")],
    ),
    "a momentum": (
        Program(grads=lambda layers, params: kept(layers, 0.9)),
        [("the gradient", f"what the chain rule gives plus 0.9 {RETURNED}")],
    ),
    "a running mean": (
        Program(grads=lambda layers, params: kept(layers, 0.99, 0.01)),
        [
            ("the gradient", f"what the chain rule gives plus 0.99 {RETURNED}"),
            (
                "the gradient",
                "0.01 times what the chain rule gives, as by a step of 0.01",
            ),
        ],
    ),
    "a bias forgotten": (
        Program(forward=with_layer(2, b=np.zeros_like)),
        [("h2", "computed without b2")],
    ),
    "relu in one layer": (
        Program(
            phi=lambda layer, z: np.maximum(z, 0) if layer == 2 else sigmoid(z),
            slope=lambda layer, z, h: (z > 0).astype(z.dtype) if layer == 2 else sigmoid_slope(z),
        ),
        [("h2", f"relu of z2{NETWORK}")],
    ),
    "tanh in all layers": (
        Program(phi=lambda layer, z: np.tanh(z), slope=lambda layer, z, h: 1 - np.tanh(z) ** 2),
        [("h1", "h2", "h3", f"tanh of z1, z2 and z3{NETWORK}")],
    ),
    "w turned in the forward pass": (
        Program(forward=with_layer(2, w=np.transpose)),
        [("h2", "computed with w2 transposed, in the forward pass alone")],
    ),
    "activated twice": (
        Program(
            phi=lambda layer, z: sigmoid(sigmoid(z)) if layer == 1 else sigmoid(z),
            slope=lambda layer, z, h: (
                sigmoid_slope(sigmoid(z)) * sigmoid_slope(z) if layer == 1 else sigmoid_slope(z)
            ),
        ),
        [("h1", f"phi of phi of z1{NETWORK}")],
    ),
    "cross-entropy": (
        Program(output=lambda yhat, y: np.exp(yhat) / np.exp(yhat).sum(1, keepdims=True) - y),
        [("the gradient", "right for --output=softmax --loss=cross_entropy")],
    ),
    "tanh on the output": (
        Program(output=lambda yhat, y: 2 * (np.tanh(yhat) - y) * (1 - np.tanh(yhat) ** 2)),
        [("the gradient", "right for --output=tanh")],
    ),
    "no y": (Program(output=lambda yhat, y: 2 * yhat), [("delta4", "2 yhat, without y")]),
    "a factor": (
        Program(output=lambda yhat, y: yhat - y),
        [
            (
                "the gradient",
                f"half of {GIVES}, as by a missing factor 2 of (yhat - y)^2 or by a mean over the "
                "2 outputs: right for --loss=half_squared or --loss=mean_squared",
            )
        ],
    ),
    "clipped": (Program(grads=clipped), [("the gradient", "clipped to norm 1")]),
    "no slope": (
        Program(slope=lambda layer, z, h: np.ones_like(z) if layer == 2 else sigmoid_slope(z)),
        [("delta2", "computed without phi'")],
    ),
    "the activation, called where its slope was meant": (
        Program(slope=lambda layer, z, h: sigmoid(h)),
        [("delta3", "delta2", "delta1", "computed with phi of h3, h2 and h1 for phi'")],
    ),
    "sigmoid's slope without its h": (
        Program(slope=lambda layer, z, h: 1 - h),
        [("delta3", "delta2", "delta1", "computed with 1 - h for phi'")],
    ),
    "no slope anywhere": (
        Program(slope=lambda layer, z, h: np.ones_like(z)),
        [("delta3", "delta2", "delta1", "computed without phi'")],
    ),
    "w turned": (
        Program(passed_down=lambda layer, w, delta, h: delta @ (w if layer == 3 else w.T)),
        [("delta2", "computed with w3 transposed")],
    ),
    "weights after a step": (
        Program(passed_down=updated),
        [
            (
                "delta3",
                "delta2",
                "delta1",
                "computed with w4, w3 and w2 after a step of 0.1: the weights were updated before "
                "the gradient below was taken",
            )
        ],
    ),
    "weight decay": (
        Program(grads=decayed),
        [
            (
                *(f"dL/dw{layer}" for layer in (4, 3, 2, 1)),
                "that of the loss + 0.01 w: weight decay, an L2 term",
            )
        ],
    ),
    "dw turned": (
        Program(grads=of_layer(2, lambda dw, db: (dw.swapaxes(1, 2), db))),
        [("dL/dw2", "transposed")],
    ),
    "one sum for all of db": (
        Program(grads=of_layer(2, lambda dw, db: (dw, db.sum(1, keepdims=True) + 0 * db))),
        [("dL/db2", "in every entry the sum over the 5 units")],
    ),
    "two biases exchanged": (
        Program(
            grads=lambda layers, params: [
                (layers[i][0], layers[j][1]) for i, j in zip(range(4), (1, 0, 2, 3), strict=True)
            ]
        ),
        [("the gradient", "right if its dL/db are read with layers 1 and 2 exchanged")],
    ),
    "two layers exchanged": (
        Program(grads=lambda layers, params: [layers[i] for i in (0, 2, 1, 3)]),
        [("the gradient", "right if its layers are read with layers 2 and 3 exchanged")],
    ),
    "two mistakes": (
        Program(
            forward=with_layer(1, b=np.zeros_like),
            grads=of_layer(3, lambda dw, db: (dw, 2 * db)),
        ),
        [("h1", "computed without b1"), ("dL/db3", f"twice {GIVES}")],
    ),
    "a forgotten bias, and all dL/db twice": (
        Program(
            forward=with_layer(1, b=np.zeros_like),
            grads=everywhere(lambda dw, db: (dw, 2 * db)),
        ),
        [
            ("h1", "computed without b1"),
            (*(f"dL/db{layer}" for layer in (4, 3, 2, 1)), f"twice {GIVES}"),
        ],
    ),
    "another activation, and weights after a step": (
        Program(
            phi=lambda layer, z: np.tanh(z),
            slope=lambda layer, z, h: 1 - h * h,
            passed_down=updated,
        ),
        [
            ("h1", "h2", "h3", f"tanh of z1, z2 and z3{NETWORK}"),
            (
                "delta3",
                "delta2",
                "delta1",
                "computed with w4, w3 and w2 after a step of 0.1: the weights were updated before "
                "the gradient below was taken",
            ),
        ],
    ),
    "a factor that is hardly -1": (
        Program(output=lambda yhat, y: np.float32(-1.999) * (yhat - y)),
        [],
    ),
    "no name": (
        Program(grads=of_layer(2, lambda dw, db: (dw * np.linspace(1, 2, 5, dtype=dw.dtype), db))),
        [],
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_mistake_gets_its_name(name):
    program, causes = KINDS[name]
    assert told(program) == causes


# one of each family of causes
IN_FLOAT64 = [
    *("x scaled", "added up", "a momentum", "a bias forgotten", "relu in one layer"),
    *("cross-entropy", "a factor", "clipped", "weights after a step", "weight decay", "dw turned"),
    *("one sum for all of db", "two layers exchanged", "a factor that is hardly -1"),
]


@pytest.mark.parametrize("name", IN_FLOAT64)
def test_in_float64_too(name):
    program, causes = KINDS[name]
    assert told(program, dtype=np.float64) == causes


OTHERS = {
    "leaky_relu:0.2": (
        "leaky relu of z1, z2 and z3 with a slope of 0.2 (leaky_relu:0.2 of --activation)"
    ),
    "elu": "elu of z1, z2 and z3",
    "selu": "selu of z1, z2 and z3",
    "gelu_erf": "gelu of z1, z2 and z3 in its erf form (gelu_erf of --activation)",
    "gelu": "gelu of z1, z2 and z3 in its tanh form",
    "relu6": "relu of z1, z2 and z3 up to 6 (relu6 of --activation)",
    "hard_tanh": "hard tanh of z1, z2 and z3 (hard_tanh of --activation)",
    "hard_swish": "hard swish of z1, z2 and z3 (hard_swish of --activation)",
    "mish": "mish of z1, z2 and z3",
    "softsign": "softsign of z1, z2 and z3",
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_activation_is_told_with_what_asks_for_it(name):
    row = row_of(name, ACTIVATIONS, FAMILIES)
    program = Program(
        phi=lambda layer, z: np.asarray(row.value(z), z.dtype),
        slope=lambda layer, z, h: np.asarray(row.slope(z), z.dtype),
    )
    # so that z is on both sides of every kink
    assert told(program, scale=4) == [("h1", "h2", "h3", f"{OTHERS[name]}{NETWORK}")]


def test_the_number_of_the_network_is_told():
    row = row_of("leaky_relu:0.2", ACTIVATIONS, FAMILIES)
    program = Program(
        phi=lambda layer, z: np.asarray(row.value(z), z.dtype),
        slope=lambda layer, z, h: np.asarray(row.slope(z), z.dtype),
    )
    has = "; the network has leaky_relu:0.01"
    found = told(program, activation="leaky_relu")
    assert found == [("h1", "h2", "h3", f"{OTHERS['leaky_relu:0.2']}{has}")]


def test_nothing_is_told_of_what_is_right():
    assert told(Program()) is None


def test_weights_in_the_other_layout():
    program = Program(grads=everywhere(lambda dw, db: (dw.swapaxes(1, 2), db)))
    params, _ = network(sizes=(4, 4, 4))
    turned = tuple(layer._replace(w=layer.w.T) for layer in params)
    said = told(program, params_given=turned, sizes=(4, 4, 4))
    assert said == [("the gradient", "right if read with --layout=out_in")]


def test_a_mistake_beside_another_layout_is_told_once():
    program = Program(
        slope=lambda layer, z, h: np.ones_like(z) if layer == 1 else sigmoid_slope(z),
        grads=everywhere(lambda dw, db: (dw.swapaxes(1, 2), db)),
    )
    params, _ = network(sizes=(4, 4, 4))
    turned = tuple(layer._replace(w=layer.w.T) for layer in params)
    assert told(program, params_given=turned, sizes=(4, 4, 4)) == [
        ("the gradient", "right if read with --layout=out_in"),
        ("delta1", "computed without phi'"),
    ]


def test_x_is_not_blamed_where_the_forward_pass_cannot_tell():
    """With tiny weights h1 is the same whatever x is, so that dL/dw1 alone shows another one."""
    program = Program(grads=of_layer(1, lambda dw, db: (dw[:, ::-1], db)))
    params, batch = network()
    params = (params[0]._replace(w=np.float32(1e-9) * params[0].w), *params[1:])
    case = case_of(params, batch, program(params, *batch), "sigmoid")
    around = Surroundings(1, "in_out", case.x, case.y, np.arange(SAMPLES), None)
    assert explain([case], around).causes == ()


def test_positive_weights_are_not_called_their_absolute_values():
    params, batch = network()
    params = (*params[:3], params[3]._replace(w=np.abs(params[3].w)))
    program = Program(slope=lambda layer, z, h: np.ones_like(z) if layer == 3 else h * (1 - h))
    case = case_of(params, batch, program(params, *batch), "sigmoid")
    around = Surroundings(1, "in_out", case.x, case.y, np.arange(SAMPLES), None)
    assert explain([case], around).causes == (Cause(("delta3",), "computed without phi'"),)


def test_a_search_that_is_cut_short_says_so():
    params, batch = network()
    grads = Program(output=lambda yhat, y: yhat - y)(params, *batch)
    case = case_of(params, batch, grads, "sigmoid")
    around = Surroundings(1, "in_out", case.x, case.y, np.arange(len(batch.x)), None)
    found = explain([case], around, is_late=lambda: True)
    assert (found.causes, found.is_complete) == ((), False)
    assert found.figures.quantity == "delta4"
