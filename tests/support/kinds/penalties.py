"""Losses with a penalty: weight decay, ridge regression, a machine with support vectors."""

import numpy as np

from tests.support.kinds.kind import Kind, Mistake, N


def probabilities(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class TwoLayerNet:
    """Parameters in a dict; loss(X, y, reg) returns the loss and a dict by the same names."""

    def __init__(self, params):
        (W1, b1), (W2, b2) = params
        self.params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}

    def loss(self, X, y, reg):
        W1, W2 = self.params["W1"], self.params["W2"]
        n = X.shape[0]
        hidden = np.maximum(0, X.dot(W1) + self.params["b1"])
        probs = probabilities(hidden.dot(W2) + self.params["b2"])
        loss = -np.log(probs[np.arange(n), y]).mean() + 0.5 * reg * sum(
            np.sum(w * w) for w in (W1, W2)
        )
        dscores = probs
        dscores[np.arange(n), y] -= 1
        dscores /= n
        grads = {"W2": hidden.T.dot(dscores) + reg * W2, "b2": dscores.sum(axis=0)}
        dhidden = dscores.dot(W2.T)
        dhidden[hidden <= 0] = 0
        grads["W1"] = X.T.dot(dhidden) + reg * W1
        grads["b1"] = dhidden.sum(axis=0)
        return loss, grads


def loss_and_grads(params, x, y):
    return TwoLayerNet(params).loss(x, y.argmax(axis=1), reg=0.1)


def twice_the_weights(params, x, y):
    """The penalty is reg * sum(W * W), without a half."""
    reg = 0.05
    (W1, b1), (W2, b2) = params
    h = np.tanh(x @ W1 + b1)
    dscores = (probabilities(h @ W2 + b2) - y) / len(x)
    dW2 = h.T @ dscores + 2 * reg * W2
    dz = dscores @ W2.T * (1 - h**2)
    dW1 = x.T @ dz + 2 * reg * W1
    return {"dW1": dW1, "dW2": dW2, "db1": dz.sum(axis=0), "db2": dscores.sum(axis=0)}


def lambda_over_m(params, x, y):
    """J is 1 / m of all losses and of lambd / 2 |W|^2 together; samples in columns."""
    lambd = 0.7
    (W1, b1), (W2, b2) = params
    X, Y = x.T, y.T
    m = X.shape[1]
    A1 = np.maximum(0, W1 @ X + b1[:, None])
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2[:, None])))
    dZ2 = A2 - Y
    dW2 = 1 / m * np.dot(dZ2, A1.T) + (lambd * W2) / m
    db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = np.multiply(np.dot(W2.T, dZ2), np.int64(A1 > 0))
    dW1 = 1 / m * np.dot(dZ1, X.T) + (lambd * W1) / m
    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
    return {"dZ2": dZ2, "dW2": dW2, "db2": db2, "dA1": A1, "dW1": dW1, "db1": db1}


def support_vectors(params, X, y):
    """Hinge loss and half of the squared weights, with a constant C in front of the loss of 1."""
    [(w, b)] = params
    violated = (y * (X @ w + b) < 1).astype(float)
    dw = w - X.T @ (violated * y)
    db = -np.sum(violated * y, axis=0)
    return dw, db


def ridge(params, X, y):
    [(w, b)] = params
    alpha = 0.3
    residual = X @ w + b - y
    grad_w = X.T @ residual + alpha * w
    grad_b = residual.sum()
    return grad_w, grad_b


def decayed_step(params, x, y):
    """The weights shrink by a factor before the step, and biases do not."""
    eta, lmbda = 0.5, 0.1
    (w1, b1), (w2, b2) = params
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    delta2 = (h @ w2 + b2 - y) / len(x)
    delta1 = delta2 @ w2.T * h * (1 - h)
    shrink = 1 - eta * lmbda
    return (
        [shrink * w1 - eta * x.T @ delta1, shrink * w2 - eta * h.T @ delta2],
        [b1 - eta * delta1.sum(0), b2 - eta * delta2.sum(0)],
    )


KINDS = (
    Kind(
        "a class whose loss(X, y, reg) returns the loss and a dict; reg / 2",
        loss_and_grads,
        "--activation=relu --output=softmax --loss=cross_entropy --reduction=mean --l2=0.1",
        Mistake(
            "dscores) + reg * W2",
            "dscores)",
            "dL/dw2 of mine is computed without the slope lambda w of the penalty",
            TwoLayerNet,
        ),
        sizes=(3, 4, 3),
    ),
    Kind(
        "a penalty without a half, whose slope is 2 reg W",
        twice_the_weights,
        "--activation=tanh --output=softmax --loss=cross_entropy --reduction=mean --l2=0.1",
        Mistake("x.T @ dz + 2 * reg * W1", "x.T @ dz + reg * W1", "dL/dw1 of mine"),
        sizes=(3, 4, 3),
    ),
    Kind(
        "lambda / m: the penalty is divided by the samples of the batch",
        lambda_over_m,
        "--activation=relu --output=sigmoid --loss=binary_cross_entropy --reduction=mean "
        f"--layout=out_in --l2={0.7 / N}",
        Mistake("(lambd * W1) / m", "lambd * W1", "dL/dw1 of mine is right but for the L2 term"),
        sizes=(3, 4, 1),
        beside=("numpy_manual", "torch_autograd"),
    ),
    Kind(
        "support vectors: hinge loss beside half of the squared weights",
        support_vectors,
        "--loss=hinge --reduction=sum --l2=1",
        Mistake("dw = w - X.T", "dw = -w - X.T", "dL/dw1 of mine"),
        sizes=(3, 1),
    ),
    Kind(
        "ridge regression",
        ridge,
        "--loss=half_squared --reduction=sum --l2=0.3",
        Mistake("alpha * w\n", "2 * alpha * w\n", "the L2 term, which is twice"),
        sizes=(3, 1),
    ),
    Kind(
        "weights that shrink by a factor before the step",
        decayed_step,
        "--loss=half_squared --reduction=mean --l2=0.1 --candidate_returns=update "
        "--learning_rate=0.5",
        Mistake("1 - eta * lmbda", "1 - lmbda", "of mine"),
    ),
)
