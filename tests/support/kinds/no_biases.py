"""Layers without biases: the shortest programs, most of which show nothing but new weights."""

import numpy as np

from tests.support.kinds.kind import Kind, Mistake


def nonlin(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))


def two_synapses(synapses, X, y):
    """Adds what makes the error y - l2 smaller; there is no rate."""
    syn0, syn1 = (w for w, _ in synapses)
    l1 = nonlin(X @ syn0)
    l2 = nonlin(l1 @ syn1)
    l2_delta = (y - l2) * nonlin(l2, deriv=True)
    l1_delta = l2_delta.dot(syn1.T) * nonlin(l1, deriv=True)
    syn1 += l1.T.dot(l2_delta)
    syn0 += X.T.dot(l1_delta)


class TrainedOneByOne:
    """Columns, weights called by where they lead, and a learning rate."""

    def __init__(self, params):
        (self.wih, _), (self.who, _) = params
        self.lr = 0.3

    def train(self, inputs_list, targets_list):
        inputs, targets = (np.array(one, ndmin=2).T for one in (inputs_list, targets_list))
        hidden = nonlin(self.wih @ inputs)
        final = nonlin(self.who @ hidden)
        errors = (targets - final) * final * (1 - final)
        hidden_errors = self.who.T @ errors
        self.who += self.lr * errors @ hidden.T
        self.wih += self.lr * (hidden_errors * hidden * (1 - hidden)) @ inputs.T


def trained_one_by_one(params, x, y):
    net = TrainedOneByOne(params)
    net.train(x, y)
    return [net.wih, net.who]


class Squared:
    """The slope of (y - output)^2 within every line, and d_weights that are added."""

    def __init__(self, x, y, weights):
        self.input, self.y = x, y
        self.weights1, self.weights2 = weights

    def backprop(self):
        layer1 = nonlin(self.input @ self.weights1)
        output = nonlin(layer1 @ self.weights2)
        last = 2 * (self.y - output) * nonlin(output, True)
        d_weights2 = layer1.T @ last
        d_weights1 = self.input.T @ (last @ self.weights2.T * nonlin(layer1, True))
        self.weights1 = self.weights1 + d_weights1
        self.weights2 = self.weights2 + d_weights2


def squared_in_a_class(params, x, y):
    net = Squared(x, y, [w for w, _ in params])
    net.backprop()
    return {"w1": net.weights1, "w2": net.weights2}


def two_matrices_and_relu(params, x, y):
    """The loss is summed over everything; all in place, at a small rate."""
    (w1, _), (w2, _) = params
    h = x.dot(w1)
    h_relu = np.maximum(h, 0)
    y_pred = h_relu.dot(w2)
    grad_y_pred = 2.0 * (y_pred - y)
    grad_w2 = h_relu.T.dot(grad_y_pred)
    grad_h_relu = grad_y_pred.dot(w2.T)
    grad_h = grad_h_relu.copy()
    grad_h[h < 0] = 0
    grad_w1 = x.T.dot(grad_h)
    w1 -= 1e-3 * grad_w1
    w2 -= 1e-3 * grad_w2


def two_matrices_in_torch(params, x, y):
    (w1, _), (w2, _) = params
    h = x.mm(w1)
    h_relu = h.clamp(min=0)
    grad_y_pred = 2.0 * (h_relu.mm(w2) - y)
    grad_w2 = h_relu.t().mm(grad_y_pred)
    grad_h = grad_y_pred.mm(w2.t())
    grad_h[h < 0] = 0
    return [x.t().mm(grad_h), grad_w2]


def deep_linear(weights, x, y):
    """A product of matrices, whose gradient has a product before and one after each of them."""
    ws = [w.T for w, _ in weights]
    error = ws[2] @ ws[1] @ ws[0] @ x - y
    return [
        (np.outer(ws[1].T @ ws[2].T @ error, x).T, None),
        (np.outer(ws[2].T @ error, ws[0] @ x).T, None),
        (np.outer(error, ws[1] @ ws[0] @ x).T, None),
    ]


def relu2deriv(output):
    return output > 0


def street_lights(params, lights, walk):
    """Samples one at a time, as rows of one; deltas that point downhill, and an alpha."""
    alpha = 0.2
    (weights_0_1, _), (weights_1_2, _) = params
    layer_0 = lights.reshape(1, -1)
    layer_1 = np.maximum(layer_0 @ weights_0_1, 0)
    layer_2 = layer_1 @ weights_1_2
    layer_2_delta = walk - layer_2
    layer_1_delta = layer_2_delta.dot(weights_1_2.T) * relu2deriv(layer_1)
    weights_1_2 += alpha * layer_1.T.dot(layer_2_delta)
    weights_0_1 += alpha * layer_0.T.dot(layer_1_delta)


def mean_over_samples(params, X, Y):
    """Columns, any number of layers, and a list of gradients that is filled from behind."""
    weights, m = [w for w, _ in params], len(X)
    cache = [X.T]
    for i, W in enumerate(weights):
        Z = W @ cache[-1]
        cache.append(np.maximum(Z, 0) if i < len(weights) - 1 else Z)
    dZ, grads = 2 * (cache[-1] - Y.T) / m, []
    for i in reversed(range(len(weights))):
        grads.insert(0, dZ @ cache[i].T)
        dZ = weights[i].T @ dZ * (cache[i] > 0)
    cost = np.sum((cache[-1] - Y.T) ** 2) / m
    return cost, grads


def softmax_by_its_jacobian(params, x, y):
    """Squared error of probabilities, one sample."""
    (w1, _), (w2, _) = params
    h = nonlin(x @ w1)
    e = np.exp(h @ w2)
    p = e / e.sum()
    jacobian = np.diag(p) - np.outer(p, p)
    d2 = jacobian @ (2 * (p - y))
    d1 = w2 @ d2 * nonlin(h, deriv=True)
    return {"dW1": np.outer(x, d1), "dW2": np.outer(h, d2)}


KINDS = (
    Kind(
        "two synapses, changed in place without a rate",
        two_synapses,
        "--output=sigmoid --loss=half_squared --bias=none --reduction=sum "
        "--candidate_returns=update --learning_rate=1",
        Mistake("* nonlin(l1, deriv=True)", "* nonlin(X @ syn0, deriv=True)", "delta1 of mine"),
    ),
    Kind(
        "a class that is trained sample by sample, in columns",
        trained_one_by_one,
        "--output=sigmoid --loss=half_squared --bias=none --layout=out_in "
        "--candidate_returns=update --learning_rate=0.3",
        Mistake(
            "hidden_errors = self.who.T @ errors",
            "hidden_errors = self.who.T @ (targets - final)",
            "of mine",
            TrainedOneByOne,
        ),
    ),
    Kind(
        "a class that adds d_weights, named w1 and w2 when it is done",
        squared_in_a_class,
        "--output=sigmoid --bias=none --reduction=sum --candidate_returns=update --learning_rate=1",
        Mistake(" * nonlin(layer1, True)", "", "delta1 of mine", Squared),
    ),
    Kind(
        "two matrices and relu, changed in place at a small rate",
        two_matrices_and_relu,
        "--activation=relu --bias=none --reduction=sum --candidate_returns=update "
        "--learning_rate=0.001",
        Mistake("grad_h[h < 0] = 0", "grad_h[h > 0] = 0", "of mine"),
    ),
    Kind(
        "the same in torch, without autograd; a list of two matrices",
        two_matrices_in_torch,
        "--activation=relu --bias=none --reduction=sum --candidate_arrays=torch",
        Mistake("    grad_h[h < 0] = 0\n", "", "delta1 of mine is computed without phi'"),
        dtype="float32",
    ),
    Kind(
        "a product of matrices; None for the biases that there are not",
        deep_linear,
        "--activation=identity --loss=half_squared --bias=none",
        Mistake(
            "@ error, x)",
            "@ error * 2, x)",
            "is twice what the chain rule gives; first seen in sample 0, layer 1",
        ),
        sizes=(3, 3, 4, 2),
    ),
    Kind(
        "rows of one, deltas that point downhill, an alpha",
        street_lights,
        "--activation=relu --loss=half_squared --bias=none --candidate_returns=update "
        "--learning_rate=0.2",
        Mistake("walk - layer_2\n", "layer_2 - walk\n", "of mine"),
        sizes=(3, 4, 1),
    ),
    Kind(
        "a list that is filled from behind, beside the cost",
        mean_over_samples,
        "--activation=relu --bias=none --reduction=mean --layout=out_in",
        Mistake("2 * (cache[-1] - Y.T) / m", "(cache[-1] - Y.T) / m", "half of what the chain"),
        sizes=(3, 4, 4, 2),
    ),
    Kind(
        "squared error of a softmax, by its Jacobian",
        softmax_by_its_jacobian,
        "--output=softmax --loss=squared --bias=none",
        Mistake("np.diag(p) - np.outer(p, p)", "np.diag(p * (1 - p))", "of mine"),
    ),
)
