"""Classifiers: a softmax and its cross-entropy."""

import numpy as np

from tests.support.kinds.kind import Kind, Mistake


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def class_scores(model, X, y):
    """A model in a dict, probabilities from which 1 is subtracted at the right class."""
    W1, b1, W2, b2 = model["W1"], model["b1"], model["W2"], model["b2"]
    y = y.argmax(axis=1)
    a1 = np.tanh(X.dot(W1) + b1)
    exp_scores = np.exp(a1.dot(W2) + b2)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    delta3 = probs
    delta3[range(len(X)), y] -= 1
    dW2 = a1.T.dot(delta3)
    db2 = np.sum(delta3, axis=0, keepdims=True)
    delta2 = delta3.dot(W2.T) * (1 - np.power(a1, 2))
    dW1 = np.dot(X.T, delta2)
    db1 = np.sum(delta2, axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


def rows_and_mean(params, X, Y):
    (W1, b1), (W2, b2) = params
    N = len(X)
    hidden = np.maximum(0, X @ W1 + b1)
    dscores = (softmax(hidden @ W2 + b2) - Y) / N
    dhidden = dscores @ W2.T * (hidden > 0)
    return [(X.T @ dhidden, dhidden.sum(0)), (hidden.T @ dscores, dscores.sum(0))]


def by_the_whole_jacobian(params, x, y):
    """One sample, -y / p times the Jacobian of softmax."""
    (w1, b1), (w2, b2) = params
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    p = softmax(h @ w2 + b2)
    dp = -y / p
    dz2 = (np.diag(p) - np.outer(p, p)) @ dp
    dz1 = (w2 @ dz2) * h * (1 - h)
    return (np.outer(x, dz1), np.outer(h, dz2)), (dz1, dz2)


def one_step_at_a_time(params, x, y):
    """A line of backward for every line of forward, in torch, by class numbers."""
    import torch

    (W1, b1), (W2, b2) = params
    n, right = len(x), y.argmax(dim=1)
    hprebn = x @ W1 + b1
    h = torch.tanh(hprebn)
    logits = h @ W2 + b2
    logit_maxes = logits.max(1, keepdim=True).values
    counts = (logits - logit_maxes).exp()
    counts_sum = counts.sum(1, keepdims=True)
    counts_sum_inv = counts_sum**-1
    probs = counts * counts_sum_inv
    dlogprobs = torch.zeros_like(probs)
    dlogprobs[range(n), right] = -1.0 / n
    dprobs = (1.0 / probs) * dlogprobs
    dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)
    dcounts = counts_sum_inv * dprobs
    dcounts_sum = (-(counts_sum**-2)) * dcounts_sum_inv
    dcounts = dcounts + torch.ones_like(counts) * dcounts_sum
    dlogits = counts * dcounts
    dh = dlogits @ W2.T
    dhprebn = (1.0 - h**2) * dh
    return [x.T @ dhprebn, dhprebn.sum(0), h.T @ dlogits, dlogits.sum(0)]


def softmax_regression(params, X, Y):
    [(W, b)] = params
    error = softmax(X @ W + b) - Y
    return [(X.T @ error / len(X), error.mean(axis=0))]


def training_step(params, X, Y):
    lr = 0.5
    (W1, b1), (W2, b2) = params
    A1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
    dZ2 = (softmax(A1 @ W2 + b2) - Y) / X.shape[0]
    dZ1 = dZ2 @ W2.T * A1 * (1 - A1)
    W2 = W2 - lr * A1.T @ dZ2
    b2 = b2 - lr * dZ2.sum(axis=0)
    W1 = W1 - lr * X.T @ dZ1
    b1 = b1 - lr * dZ1.sum(axis=0)
    return W1, b1, W2, b2


def pictures_in_columns(params, x, y):
    """Columns; biases are columns too, and both are updated by one number if nobody looks."""
    alpha = 0.1
    (W1, b1), (W2, b2) = [(w, b.reshape(-1, 1)) for w, b in params]
    X, one_hot_Y = x.T, y.T
    m = one_hot_Y.shape[1]
    Z1 = W1.dot(X) + b1
    A1 = np.maximum(Z1, 0)
    Z2 = W2.dot(A1) + b2
    A2 = np.exp(Z2) / sum(np.exp(Z2))
    dZ2 = A2 - one_hot_Y
    dZ1 = W2.T.dot(dZ2) * (Z1 > 0)
    W1 = W1 - alpha / m * dZ1.dot(X.T)
    b1 = b1 - alpha / m * np.sum(dZ1, axis=1, keepdims=True)
    W2 = W2 - alpha / m * dZ2.dot(A1.T)
    b2 = b2 - alpha / m * np.sum(dZ2, axis=1, keepdims=True)
    return W1, b1, W2, b2


def pullbacks(params, x, y):
    """Every function returns its value and a function from its cotangent to those of its inputs."""

    def affine(x, w, b):
        return x @ w + b, lambda g: (g @ w.T, np.outer(x, g), g)

    def tanh(z):
        h = np.tanh(z)
        return h, lambda g: g * (1 - h * h)

    def cross_entropy(z):
        log_p = z - z.max() - np.log(np.exp(z - z.max()).sum())
        return -(y * log_p).sum(), lambda g: g * (np.exp(log_p) - y)

    (w1, b1), (w2, b2) = params
    z1, back1 = affine(x, w1, b1)
    h1, back_tanh = tanh(z1)
    z2, back2 = affine(h1, w2, b2)
    loss, back_loss = cross_entropy(z2)
    dh1, dw2, db2 = back2(back_loss(1.0))
    _, dw1, db1 = back1(back_tanh(dh1))
    return loss, {"layer1": {"w": dw1, "b": db1}, "layer2": {"w": dw2, "b": db2}}


def in_jax_by_hand(params, x, y):
    import jax.numpy as jnp

    (w1, b1), (w2, b2) = params
    h = jnp.maximum(x @ w1 + b1[None, :], 0)
    z = h @ w2 + b2[None, :]
    log_p = z - jnp.log(jnp.exp(z).sum(axis=1, keepdims=True))
    dz = (jnp.exp(log_p) - y) / len(x)
    dh = jnp.where(h > 0, dz @ w2.T, 0)
    return {
        "params": [{"kernel": x.T @ dh, "bias": dh.sum(0)}, {"kernel": h.T @ dz, "bias": dz.sum(0)}]
    }


KINDS = (
    Kind(
        "a model in a dict, class numbers, the sum over a batch",
        class_scores,
        "--activation=tanh --output=softmax --loss=cross_entropy --reduction=sum",
        Mistake("delta3[range(len(X)), y] -= 1", "delta3[range(len(X)), y] += 1", "of mine"),
        sizes=(3, 4, 3),
        given=lambda pairs: {
            f"{k}{i}": v for i, p in enumerate(pairs, 1) for k, v in zip("Wb", p, strict=True)
        },
    ),
    Kind(
        "rows, one-hot labels, the mean over a batch",
        rows_and_mean,
        "--activation=relu --output=softmax --loss=cross_entropy --reduction=mean",
        Mistake(" - Y) / N", " - Y)", "the sum over the batch where the mean is asked for"),
        sizes=(3, 4, 3),
    ),
    Kind(
        "one sample, by -y / p and the whole Jacobian; all dw, then all db",
        by_the_whole_jacobian,
        "--output=softmax --loss=cross_entropy",
        Mistake("np.diag(p) - np.outer(p, p)", "np.diag(p - p**2)", "delta2 of mine"),
        sizes=(3, 4, 3),
    ),
    Kind(
        "a line of backward for every line of forward, in torch without autograd",
        one_step_at_a_time,
        "--activation=tanh --output=softmax --loss=cross_entropy --reduction=mean "
        "--candidate_arrays=torch",
        Mistake("    dcounts = dcounts + torch.ones_like(counts) * dcounts_sum\n", "", "delta2"),
        sizes=(3, 4, 3),
        dtype="float32",
    ),
    Kind(
        "softmax regression, no hidden layer",
        softmax_regression,
        "--output=softmax --loss=cross_entropy --reduction=mean",
        Mistake("error.mean(axis=0)", "error.sum(axis=0)", "dL/db1 of mine is the sum"),
        sizes=(3, 3),
    ),
    Kind(
        "a step of training that returns W1, b1, W2, b2",
        training_step,
        "--output=softmax --loss=cross_entropy --reduction=mean --candidate_returns=update "
        "--learning_rate=0.5",
        Mistake("W2.T * A1 * (1 - A1)", "W2.T * A1", "delta1 of mine"),
        sizes=(3, 4, 3),
    ),
    Kind(
        "pictures in columns, updated by alpha / m",
        pictures_in_columns,
        "--activation=relu --output=softmax --loss=cross_entropy --reduction=mean "
        "--layout=out_in --candidate_returns=update --learning_rate=0.1",
        Mistake("np.sum(dZ1, axis=1, keepdims=True)", "np.sum(dZ1)", "dL/db1 of mine"),
        sizes=(3, 4, 3),
    ),
    Kind(
        "functions that return their pullback; log p; a dict of layers beside the loss",
        pullbacks,
        "--activation=tanh --output=softmax --loss=cross_entropy",
        Mistake("g @ w.T, np.outer", "g @ w.T / 2, np.outer", "delta1 of mine is half"),
        sizes=(3, 4, 3),
    ),
    Kind(
        "by hand in JAX, a tree as Flax has it",
        in_jax_by_hand,
        "--activation=relu --output=softmax --loss=cross_entropy --reduction=mean "
        "--candidate_arrays=jax",
        Mistake("jnp.where(h > 0, dz @ w2.T, 0)", "dz @ w2.T", "delta1 of mine"),
        sizes=(3, 4, 3),
        dtype="float32",
    ),
)
