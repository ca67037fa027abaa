"""Sigmoid and tanh outputs with squared error: the networks of textbooks, of XOR and of digits."""

import math

import numpy as np

from tests.support.kinds.kind import Kind, Mistake


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


class Digits:
    """Column vectors, and lists of biases and weights; a minibatch is added up one by one."""

    def __init__(self, params):
        self.weights = [w for w, _ in params]
        self.biases = [b[:, None] for _, b in params]

    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        activations, zs = [x], []
        for w, b in zip(self.weights, self.biases, strict=True):
            zs.append(w @ activations[-1] + b)
            activations.append(sigmoid(zs[-1]))
        delta = (activations[-1] - y) * sigmoid_prime(zs[-1])
        for layer in range(1, len(self.weights) + 1):
            if layer > 1:
                delta = self.weights[1 - layer].T @ delta * sigmoid_prime(zs[-layer])
            nabla_b[-layer] = delta
            nabla_w[-layer] = delta @ activations[-layer - 1].T
        return nabla_b, nabla_w

    def minibatch(self, batch):
        sum_b = [np.zeros(b.shape) for b in self.biases]
        sum_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in batch:
            of_b, of_w = self.backprop(x, y)
            sum_b = [total + one for total, one in zip(sum_b, of_b, strict=True)]
            sum_w = [total + one for total, one in zip(sum_w, of_w, strict=True)]
        return sum_b, sum_w

    def update(self, batch, eta):
        of_b, of_w = self.minibatch(batch)
        for own, steps in ((self.weights, of_w), (self.biases, of_b)):
            own[:] = [p - eta / len(batch) * g for p, g in zip(own, steps, strict=True)]


def pairs_of_columns(x, y):
    return [(a[:, None], b[:, None]) for a, b in zip(x, y, strict=True)]


def nablas_of_digits(params, x, y):
    return Digits(params).minibatch(pairs_of_columns(x, y))


def update_of_digits(params, x, y):
    net = Digits(params)
    net.update(pairs_of_columns(x, y), eta=3.0)
    return net.weights, net.biases


def with_pencil_and_paper(params, x, y):
    """Every weight by itself, and all changed at the end."""
    (w1, b1), (w2, b2) = params
    h = [sigmoid(sum(w1[i, j] * x[i] for i in range(len(x))) + b1[j]) for j in range(len(b1))]
    o = [sigmoid(sum(w2[j, k] * h[j] for j in range(len(h))) + b2[k]) for k in range(len(b2))]
    d_o = [-(y[k] - o[k]) * o[k] * (1 - o[k]) for k in range(len(o))]
    d_h = [sum(d_o[k] * w2[j, k] for k in range(len(o))) * h[j] * (1 - h[j]) for j in range(len(h))]
    for j in range(len(h)):
        for k in range(len(o)):
            w2[j, k] -= 0.5 * d_o[k] * h[j]
        for i in range(len(x)):
            w1[i, j] -= 0.5 * d_h[j] * x[i]
    b2 -= 0.5 * np.array(d_o)
    b1 -= 0.5 * np.array(d_h)


class Dense:
    def __init__(self, weights, bias):
        self.weights, self.bias = weights, bias.reshape(-1, 1)

    def forward(self, x):
        self.x = x
        return self.weights @ x + self.bias

    def backward(self, grad, rate):
        below = self.weights.T @ grad
        self.weights -= rate * grad @ self.x.T
        self.bias -= rate * grad
        return below


class Tanh:
    def forward(self, z):
        self.z = z
        return np.tanh(z)

    def backward(self, grad, rate):
        return grad * (1 - np.tanh(self.z) ** 2)


def xor_by_layers(params, x, y):
    """Layers that step while the error comes down; the loss is the mean over outputs."""
    layers = [layer for pair in params for layer in (Dense(*pair), Tanh())]
    output, y = x.reshape(-1, 1), y.reshape(-1, 1)
    for layer in layers:
        output = layer.forward(output)
    grad = 2 * (output - y) / np.size(y)
    for layer in reversed(layers):
        grad = layer.backward(grad, 0.1)
    return [(layer.weights, layer.bias) for layer in layers[::2]]


def neurons_in_dicts(params, x, y):
    """Pure Python: a neuron is a dict, and its bias is the last of its weights."""
    network = [
        [
            {"weights": [*column, bias]}
            for column, bias in zip(w.T.tolist(), b.tolist(), strict=True)
        ]
        for w, b in params
    ]
    inputs = list(x)
    for layer in network:
        for neuron in layer:
            *weights, bias = neuron["weights"]
            total = bias + sum(w * i for w, i in zip(weights, inputs, strict=True))
            neuron["inputs"], neuron["output"] = inputs, 1 / (1 + math.exp(-total))
        inputs = [neuron["output"] for neuron in layer]
    for number, layer in reversed(list(enumerate(network))):
        for j, neuron in enumerate(layer):
            if layer is network[-1]:
                error = neuron["output"] - y[j]
            else:
                error = sum(one["weights"][j] * one["delta"] for one in network[number + 1])
            neuron["delta"] = error * neuron["output"] * (1 - neuron["output"])
    for layer in network:
        for neuron in layer:
            for i, value in enumerate([*neuron["inputs"], 1.0]):
                neuron["weights"][i] -= 0.5 * neuron["delta"] * value
    return [
        (np.array([n["weights"][:-1] for n in layer]).T, [n["weights"][-1] for n in layer])
        for layer in network
    ]


def autoencoder(params, x, y):
    """Reconstructs its input, so that y is x."""
    (encode, b), (decode, c) = params
    code = sigmoid(x @ encode + b)
    again = sigmoid(code @ decode + c)
    d_again = 2 * (again - y) * again * (1 - again)
    d_code = d_again @ decode.T * code * (1 - code)
    n = len(x)
    return {
        "encoder": {"w": x.T @ d_code / n, "b": d_code.sum(axis=0) / n},
        "decoder": {"w": code.T @ d_again / n, "b": d_again.sum(axis=0) / n},
    }


def bias_as_first_column(params, x, y):
    """Every Theta has the biases as its first column, and every layer a unit that is 1."""
    thetas = [np.column_stack([b, w]) for w, b in params]
    a1 = np.insert(x, 0, 1)
    a2 = np.insert(np.tanh(thetas[0] @ a1), 0, 1)
    out = np.tanh(thetas[1] @ a2)
    delta3 = (out - y) * (1 - out**2)
    delta2 = (thetas[1].T @ delta3 * (1 - a2**2))[1:]
    found = [np.outer(delta2, a1), np.outer(delta3, a2)]
    return [(theta[:, 1:], theta[:, 0]) for theta in found]


KINDS = (
    Kind(
        "column vectors, nabla_b and nabla_w added up over a minibatch",
        nablas_of_digits,
        "--output=sigmoid --loss=half_squared --reduction=sum --layout=out_in",
        Mistake("* sigmoid_prime(zs[-1])", "", "delta2 of mine", Digits),
    ),
    Kind(
        "a class whose minibatch changes its weights and biases",
        update_of_digits,
        "--output=sigmoid --loss=half_squared --reduction=mean --layout=out_in "
        "--candidate_returns=update --learning_rate=3",
        Mistake(
            "eta / len(batch) * g", "eta * g", "the sum over the batch where the mean is", Digits
        ),
    ),
    Kind(
        "every weight in a loop of its own, all changed at the end",
        with_pencil_and_paper,
        "--output=sigmoid --loss=half_squared --candidate_returns=update --learning_rate=0.5",
        Mistake("* w2[j, k] for", "* w1[k, j] for", "delta1 of mine"),
    ),
    Kind(
        "layers with forward and backward(grad, rate), that step on the way down",
        xor_by_layers,
        "--activation=tanh --output=tanh --loss=mean_squared --layout=out_in "
        "--candidate_returns=update --learning_rate=0.1",
        Mistake(
            "below = self.weights.T @ grad\n        self.weights -= rate * grad @ self.x.T\n",
            "self.weights -= rate * grad @ self.x.T\n        below = self.weights.T @ grad\n",
            "delta1 of mine is computed with w2 after a step of 0.1",
            Dense,
        ),
    ),
    Kind(
        "neurons in dicts, the bias the last of the weights, in pure Python",
        neurons_in_dicts,
        "--output=sigmoid --loss=half_squared --candidate_returns=update --learning_rate=0.5",
        Mistake('neuron["output"] - y[j]', 'y[j] - neuron["output"]', "the negative of what"),
    ),
    Kind(
        "an autoencoder",
        autoencoder,
        "--output=sigmoid --reduction=mean",
        Mistake("d_again @ decode.T", "d_again @ encode", "delta1 of mine is computed with w1"),
        sizes=(3, 4, 3),
    ),
    Kind(
        "biases as the first column of each matrix, split off at the end",
        bias_as_first_column,
        "--activation=tanh --output=tanh --loss=half_squared --layout=out_in",
        Mistake("(1 - a2**2)", "(1 - a2) ** 2", "delta1 of mine"),
    ),
)
