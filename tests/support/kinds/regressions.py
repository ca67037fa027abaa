"""Linear outputs: regressions."""

import numpy as np

from tests.support.kinds.kind import Kind, Mistake


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def one_sample(params, x, y):
    (w1, b1), (w2, b2) = params
    h = sigmoid(x @ w1 + b1)
    yhat = h @ w2 + b2
    delta2 = 2 * (yhat - y)
    delta1 = (w2 @ delta2) * h * (1 - h)
    return [(np.outer(x, delta1), delta1), (np.outer(h, delta2), delta2)]


def whole_batch_in_rows(params, X, Y):
    (W1, b1), (W2, b2) = params
    H = sigmoid(X @ W1 + b1)
    error = H @ W2 + b2 - Y
    hidden = (error @ W2.T) * H * (1 - H)
    return [X.T @ hidden, hidden.sum(axis=0), H.T @ error, error.sum(axis=0)]


def mean_over_the_batch(params, X, Y):
    (W1, b1), (W2, b2) = params
    n = X.shape[0]
    Z1 = X @ W1 + b1
    A1 = np.maximum(0, Z1)
    dZ2 = 2 * (A1 @ W2 + b2 - Y)
    dZ1 = dZ2 @ W2.T * (Z1 > 0)
    return {
        "dW2": A1.T @ dZ2 / n,
        "db2": dZ2.mean(axis=0),
        "dW1": X.T @ dZ1 / n,
        "db1": dZ1.mean(axis=0),
    }


def mean_of_all_entries(params, x, y):
    """The loss is np.mean((prediction - y) ** 2), over samples and outputs."""
    (w1, b1), (w2, b2) = params
    hidden = np.tanh(x @ w1 + b1)
    prediction = hidden @ w2 + b2
    grad = 2 * (prediction - y) / y.size
    grad_hidden = (grad @ w2.T) * (1 - np.square(hidden))
    loss = np.mean((prediction - y) ** 2)
    return loss, [(x.T @ grad_hidden, grad_hidden.sum(0)), (hidden.T @ grad, grad.sum(0))]


def adaline(params, X, y):
    eta = 0.01
    [(w, b)] = params
    errors = y - (X @ w + b)
    w += eta * X.T @ errors
    b += eta * errors.sum(axis=0)


def straight_line(params, X, y):
    """A linear model with its weights as a vector, and the factor of the slope written first."""
    [(w, b)] = params
    w, b, y = w[:, 0], b[0], y[:, 0]
    n = len(y)
    residual = y - (X.dot(w) + b)
    dw = -(2 / n) * X.T.dot(residual)
    db = -(2 / n) * np.sum(residual)
    return dw, db


def q_network(params, states, targets):
    """Temporal differences clipped to [-1, 1], which is the slope of the Huber loss."""
    (w1, b1), (w2, b2) = params
    pre = states @ w1 + b1
    features = np.where(pre > 0, pre, 0)
    td = features @ w2 + b2 - targets
    dq = np.clip(td, -1, 1) / len(states)
    dpre = (dq @ w2.T) * (pre > 0)
    return {"w1": states.T @ dpre, "b1": dpre.sum(0), "w2": features.T @ dq, "b2": dq.sum(0)}


def absolute_error(params, x, y):
    (w1, b1), (w2, b2) = params
    h = np.tanh(w1.T @ x + b1)
    yhat = w2.T @ h + b2
    g = np.sign(yhat - y)
    dh = w2 @ g
    dz = dh * (1 - h * h)
    return ([x[:, None] * dz, h[:, None] * g], [dz, g])


def every_sample_at_once(params, x, y):
    """Keeps the sample axis, by einsum."""
    (w1, b1), (w2, b2) = params
    h = np.tanh(np.einsum("ni,ij->nj", x, w1) + b1)
    d2 = 2 * (np.einsum("nj,jk->nk", h, w2) + b2 - y)
    d1 = np.einsum("nk,jk->nj", d2, w2) * (1 - h**2)
    return [(np.einsum("ni,nj->nij", x, d1), d1), (np.einsum("nj,nk->njk", h, d2), d2)]


def columns(params, x, y):
    """Samples in columns, weights [out, in], biases [out, 1]."""
    (W1, b1), (W2, b2) = params
    X, Y = x.T, y.T
    m = X.shape[1]
    Z1 = np.dot(W1, X) + b1[:, None]
    A1 = np.where(Z1 > 0, Z1, 0.1 * Z1)
    dZ2 = (np.dot(W2, A1) + b2[:, None] - Y) / m
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = np.where(Z1 > 0, dA1, 0.1 * dA1)
    dW1, db1 = np.dot(dZ1, X.T), np.sum(dZ1, axis=1, keepdims=True)
    dW2, db2 = np.dot(dZ2, A1.T), np.sum(dZ2, axis=1, keepdims=True)
    return dW1, db1, dW2, db2


def loop_over_layers(params, x, y):
    """As many layers as there are, each with an activation of its own."""
    phi = [lambda z: np.maximum(z, 0), np.tanh]
    slope = [lambda z: (z > 0).astype(z.dtype), lambda z: 1 - np.tanh(z) ** 2]
    a, z = {0: x}, {}
    for i, (w, b) in enumerate(params, start=1):
        z[i] = a[i - 1] @ w + b
        a[i] = z[i] if i == len(params) else phi[i - 1](z[i])
    grads = {}
    delta = a[len(params)] - y
    for i in range(len(params), 0, -1):
        grads[f"W{i}"] = np.outer(a[i - 1], delta)
        grads[f"b{i}"] = delta
        if i > 1:
            delta = params[i - 1][0] @ delta * slope[i - 2](z[i - 1])
    return {"loss": 0.5 * np.sum((a[len(params)] - y) ** 2), "grads": grads}


def gelu_of_a_transformer(params, x, y):
    (w1, b1), (w2, b2) = params
    z = x @ w1 + b1
    c = np.float32(np.sqrt(2 / np.pi))
    t = np.tanh(c * (z + np.float32(0.044715) * z**3))
    h = z * (1 + t) / 2
    d2 = 2 * (h @ w2 + b2 - y)
    slope = (1 + t) / 2 + z * (1 - t**2) * c * (1 + 3 * np.float32(0.044715) * z**2) / 2
    d1 = (d2 @ w2.T) * slope
    return (x.T @ d1, d1.sum(0)), (h.T @ d2, d2.sum(0))


KINDS = (
    Kind(
        "one sample, written out line by line",
        one_sample,
        "--activation=sigmoid",
        Mistake(" * h * (1 - h)", "", "delta1 of mine is computed without phi'"),
    ),
    Kind(
        "a whole batch in rows, added up; half the squared error; a flat list",
        whole_batch_in_rows,
        "--loss=half_squared --reduction=sum",
        Mistake("hidden.sum(", "hidden.mean(", "dL/db1 of mine is the mean over the batch"),
    ),
    Kind(
        "the mean over a batch, relu, gradients by name in any order",
        mean_over_the_batch,
        "--activation=relu --reduction=mean",
        Mistake("dZ1 = dZ2 @ W2.T * (Z1 > 0)", "dZ1 = np.maximum(dZ2 @ W2.T, 0)", "phi of w delta"),
    ),
    Kind(
        "np.mean over samples and outputs; the loss beside the gradients",
        mean_of_all_entries,
        "--activation=tanh --loss=mean_squared --reduction=mean",
        Mistake("/ y.size", "/ len(y)", "the gradient of mine is twice what the chain rule gives"),
    ),
    Kind(
        "Adaline: weights changed in place by the sum over a batch",
        adaline,
        "--loss=half_squared --reduction=sum --candidate_returns=update --learning_rate=0.01",
        Mistake("b += eta * errors.sum", "b += eta * errors.mean", "dL/db1 of mine is the mean"),
        sizes=(3, 1),
    ),
    Kind(
        "a linear model with weights as a vector and one bias as a number",
        straight_line,
        "--reduction=mean",
        Mistake("db = -(2 / n)", "db = (2 / n)", "dL/db1 of mine"),
        sizes=(3, 1),
    ),
    Kind(
        "a Q-network: differences clipped to [-1, 1]",
        q_network,
        "--activation=relu --loss=huber --reduction=mean",
        Mistake(
            "np.clip(td, -1, 1)", "td", "the gradient of mine is right for --loss=half_squared"
        ),
    ),
    Kind(
        "absolute error; all dw and all db in two lists",
        absolute_error,
        "--activation=tanh --loss=absolute",
        Mistake(
            "np.sign(yhat - y)", "np.sign(y - yhat)", "the gradient of mine is the negative of what"
        ),
    ),
    Kind(
        "the gradient of every sample, stacked",
        every_sample_at_once,
        "--activation=tanh --candidate_batched",
        Mistake("(1 - h**2)", "(1 - h)", "delta1 of mine"),
    ),
    Kind(
        "samples in columns, weights [out, in], biases [out, 1]; leaky relu",
        columns,
        "--activation=leaky_relu:0.1 --loss=half_squared --reduction=mean --layout=out_in",
        Mistake("0.1 * dA1", "0.01 * dA1", "delta1 of mine"),
    ),
    Kind(
        "a loop over layers, each with an activation of its own",
        loop_over_layers,
        "--activation=relu,tanh --loss=half_squared",
        Mistake("slope[i - 2](z[i - 1])", "slope[i - 2](a[i - 1])", "delta2 of mine"),
        sizes=(3, 4, 4, 2),
    ),
    Kind(
        "gelu, in float32",
        gelu_of_a_transformer,
        "--activation=gelu --reduction=sum",
        Mistake("1 + 3 * np", "1 + np", "delta1 of mine"),
        dtype="float32",
    ),
)
