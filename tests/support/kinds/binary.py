"""Two classes: a sigmoid and its cross-entropy."""

import numpy as np

from tests.support.kinds.kind import Kind, Mistake


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def by_name(pairs):
    """Weights as they are initialised in courses: W [out, in] and b [out, 1]."""
    named = {f"W{i}": w.T for i, (w, _) in enumerate(pairs, start=1)}
    return named | {f"b{i}": b[:, None] for i, (_, b) in enumerate(pairs, start=1)}


def logistic_regression(params, x, y):
    """No hidden layer, samples in columns, one bias for all."""
    [(w, b)] = params
    X, Y = x.T, y.T
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    dw = 1 / m * np.dot(X, (A - Y).T)
    db = 1 / m * np.sum(A - Y)
    return {"dw": dw, "db": db}


def planar_data(parameters, x, y):
    W1, W2 = parameters["W1"], parameters["W2"]
    X, Y = x.T, y.T
    m = X.shape[1]
    A1 = np.tanh(W1 @ X + parameters["b1"])
    A2 = sigmoid(W2 @ A1 + parameters["b2"])
    dZ2 = A2 - Y
    dW2 = np.dot(dZ2, A1.T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.power(A1, 2))
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


def linear_forward(A, W, b):
    return W @ A + b, (A, W)


def linear_backward(dZ, cache):
    A_prev, W = cache
    m = A_prev.shape[1]
    return W.T @ dZ, dZ @ A_prev.T / m, dZ.sum(axis=1, keepdims=True) / m


def any_number_of_layers(parameters, x, y):
    """Caches, and the slope of the cost before that of the sigmoid."""
    n_layers, A, Y, caches = len(parameters) // 2, x.T, y.T, []
    for i in range(1, n_layers + 1):
        Z, cache = linear_forward(A, parameters[f"W{i}"], parameters[f"b{i}"])
        A = sigmoid(Z) if i == n_layers else np.maximum(0, Z)
        caches.append((cache, Z))
    grads, dA = {}, -(np.divide(Y, A) - np.divide(1 - Y, 1 - A))
    for i in range(n_layers, 0, -1):
        cache, Z = caches[i - 1]
        dZ = dA * sigmoid(Z) * (1 - sigmoid(Z)) if i == n_layers else np.where(Z > 0, dA, 0)
        dA, grads[f"dW{i}"], grads[f"db{i}"] = linear_backward(dZ, cache)
    return grads


def rows_beside_the_loss(params, X, y):
    (W1, b1), (W2, b2) = params
    N = X.shape[0]
    hidden = np.maximum(X @ W1 + b1, 0)
    prob = sigmoid(hidden @ W2 + b2)
    loss = -np.mean(y * np.log(prob) + (1 - y) * np.log(1 - prob))
    dscore = (prob - y) / N
    dhidden = dscore @ W2.T
    dhidden[hidden <= 0] = 0
    return loss, (X.T @ dhidden, dhidden.sum(axis=0), hidden.T @ dscore, dscore.sum(axis=0))


def several_labels_by_logits(params, x, y):
    """Several labels at once; torch tensors, and max(z, 0) - z y + log(1 + exp(-|z|))."""
    import torch

    (w1, b1), (w2, b2) = params
    h = torch.tanh(x @ w1 + b1)
    z = h @ w2 + b2
    loss = (z.clamp(min=0) - z * y + torch.log1p(torch.exp(-z.abs()))).sum()
    dz = torch.sigmoid(z) - y
    dh = (dz @ w2.T) * (1 - h * h)
    grads = {"w1": x.T @ dh, "b1": dh.sum(0), "w2": h.T @ dz, "b2": dz.sum(0)}
    return {"loss": loss, "grads": grads}


def perceptron_with_a_margin(params, X, y):
    """A linear classifier of labels -1 and 1: samples within the margin alone count."""
    [(w, b)] = params
    margin = y * (X @ w + b)
    active = (margin < 1).astype(X.dtype)
    dw = -X.T @ (active * y) / len(X)
    db = -(active * y).mean(axis=0)
    return [dw, db]


KINDS = (
    Kind(
        "logistic regression: columns, and one bias as a number",
        logistic_regression,
        "--output=sigmoid --loss=binary_cross_entropy --reduction=mean",
        Mistake("np.sum(A - Y)", "np.sum(Y - A)", "dL/db1 of mine is the negative"),
        sizes=(3, 1),
    ),
    Kind(
        "a dict of W [out, in] and b [out, 1], samples in columns, a dict of dW and db",
        planar_data,
        "--activation=tanh --output=sigmoid --loss=binary_cross_entropy --reduction=mean",
        Mistake("np.power(A1, 2)", "A1", "delta1 of mine"),
        sizes=(3, 4, 1),
        given=by_name,
    ),
    Kind(
        "any number of layers with caches, the slope of the cost before that of the sigmoid",
        any_number_of_layers,
        "--activation=relu --output=sigmoid --loss=binary_cross_entropy --reduction=mean",
        Mistake("* (1 - sigmoid(Z)) if i", "if i", "delta3 of mine"),
        sizes=(3, 4, 4, 1),
        given=by_name,
    ),
    Kind(
        "rows, the loss beside a tuple of four",
        rows_beside_the_loss,
        "--activation=relu --output=sigmoid --loss=binary_cross_entropy --reduction=mean",
        Mistake("    dhidden[hidden <= 0] = 0\n", "", "delta1 of mine is computed without phi'"),
        sizes=(3, 4, 1),
    ),
    Kind(
        "several labels by logits, in torch without autograd",
        several_labels_by_logits,
        "--activation=tanh --output=sigmoid --loss=binary_cross_entropy --reduction=sum "
        "--candidate_arrays=torch",
        Mistake("torch.sigmoid(z) - y", "y - torch.sigmoid(z)", "the negative of what the chain"),
        dtype="float32",
    ),
    Kind(
        "labels -1 and 1 and a margin: hinge loss without a hidden layer",
        perceptron_with_a_margin,
        "--loss=hinge --reduction=mean",
        Mistake("(margin < 1)", "(margin < 0)", "the gradient of mine is 0 where"),
        sizes=(3, 1),
    ),
)
