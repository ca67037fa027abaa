"""Programs whose objects hold their gradients: scalars with closures, tensors, layers."""

import math

import numpy as np

from tests.support.kinds.kind import Kind, Mistake


class Value:
    """A number that knows of which numbers it was made, and how to pass its gradient on."""

    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = data, 0.0, parents
        self.pass_on = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def pass_on():
            self.grad += out.grad
            other.grad += out.grad

        out.pass_on = pass_on
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def pass_on():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.pass_on = pass_on
        return out

    def tanh(self):
        out = Value(math.tanh(self.data), (self,))

        def pass_on():
            self.grad += (1 - out.data**2) * out.grad

        out.pass_on = pass_on
        return out

    def backward(self):
        order, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for parent in value.parents:
                    visit(parent)
                order.append(value)

        visit(self)
        self.grad = 1.0
        for value in reversed(order):
            value.pass_on()


def scalars_with_closures(params, x, y):
    layers = [
        ([[Value(entry) for entry in row] for row in w.tolist()], [*map(Value, b.tolist())])
        for w, b in params
    ]
    acts = list(map(float, x))
    for number, (w, b) in enumerate(layers):
        sums = list(b)
        for j in range(len(b)):
            for i, act in enumerate(acts):
                sums[j] = sums[j] + w[i][j] * act
        acts = sums if number == len(layers) - 1 else [one.tanh() for one in sums]
    loss = Value(0.0)
    for yhat, label in zip(acts, y, strict=True):
        error = yhat + -float(label)
        loss = loss + error * error
    loss.backward()
    return [([[one.grad for one in row] for row in w], [one.grad for one in b]) for w, b in layers]


def lin_grad(inp, out, w, b):
    inp.g = out.g @ w.t()
    w.g = inp.t() @ out.g
    b.g = out.g.sum(0)


def tensors_with_g(params, x, y):
    """Every tensor has its gradient as .g; the loss is a mean over samples of one output."""
    (w1, b1), (w2, b2) = params
    l1 = x @ w1 + b1
    l2 = l1.clamp_min(0.0)
    out = l2 @ w2 + b2
    diff = out[:, 0] - y[:, 0]
    out.g = 2.0 * diff[:, None] / x.shape[0]
    lin_grad(l2, out, w2, b2)
    l1.g = (l1 > 0).float() * l2.g
    lin_grad(x, l1, w1, b1)
    return w1.g, b1.g, w2.g, b2.g


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Softplus:
    def forward(self, z):
        self.z = z
        return np.log(1 + np.exp(z))

    def backward(self, dout):
        return dout / (1 + np.exp(-self.z))


class Network:
    def __init__(self, *layers):
        self.layers = list(layers)

    def fit_gradients(self, x, y):
        for layer in self.layers:
            x = layer.forward(x)
        dout = (x - y) / len(y)
        for layer in reversed(self.layers):
            dout = layer.backward(dout)


def a_network_of_layers(params, x, y):
    """The object itself is returned, with all that it keeps."""
    first, second, third = (Linear(*pair) for pair in params)
    net = Network(first, Softplus(), second, Softplus(), third)
    net.fit_gradients(x, y)
    return net


class DenseLayer:
    """Biases in a row, and what is differentiated called d and its name."""

    def __init__(self, weights, biases):
        self.weights, self.biases = weights, biases.reshape(1, -1)

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)


class ReLU:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)

    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0


class SoftmaxCrossEntropy:
    def forward(self, inputs):
        e = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        self.output = e / np.sum(e, axis=1, keepdims=True)

    def backward(self, y_true):
        samples = len(y_true)
        self.dinputs = self.output.copy()
        self.dinputs[range(samples), np.argmax(y_true, axis=1)] -= 1
        self.dinputs = self.dinputs / samples


def objects_with_dinputs(params, x, y):
    dense1, dense2 = DenseLayer(*params[0]), DenseLayer(*params[1])
    layers = [dense1, ReLU(), dense2, SoftmaxCrossEntropy()]
    for layer in layers:
        layer.forward(x)
        x = layer.output
    for layer in reversed(layers):
        layer.backward(y)
        y = layer.dinputs
    return [dense1, dense2]


KINDS = (
    Kind(
        "scalars with closures, in pure Python; nested lists",
        scalars_with_closures,
        "--activation=tanh",
        Mistake("(1 - out.data**2)", "(1 - self.data**2)", "delta1 of mine", Value),
    ),
    Kind(
        "torch tensors that keep their gradients as .g",
        tensors_with_g,
        "--activation=relu --reduction=mean --candidate_arrays=torch",
        Mistake("b.g = out.g.sum(0)", "b.g = out.g.mean(0)", "dL/db2 and dL/db1", lin_grad),
        sizes=(3, 4, 1),
        dtype="float32",
    ),
    Kind(
        "a network of layer objects, returned with all that it keeps; softplus",
        a_network_of_layers,
        "--activation=softplus --loss=half_squared --reduction=mean",
        Mistake("self.x.T @ dout", "self.x.T @ dout * 2", "of mine are twice", Linear),
        sizes=(3, 4, 4, 2),
    ),
    Kind(
        "layer objects with dweights, dbiases and dinputs",
        objects_with_dinputs,
        "--activation=relu --output=softmax --loss=cross_entropy --reduction=mean",
        Mistake("[self.inputs <= 0]", "[self.inputs > 0]", "delta1 of mine", ReLU),
        sizes=(3, 4, 3),
    ),
)
