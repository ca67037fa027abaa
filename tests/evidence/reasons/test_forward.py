"""What is different in a forward pass is named, and nothing where that would be a guess."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare import cut
from tests.support.reasons import reason

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 4))
Y = RNG.standard_normal((6, 4))
W = RNG.standard_normal((4, 4))
B = RNG.standard_normal(4)
FACTORS = np.array([[[1.0, 2.0]]])
IMAGE = RNG.standard_normal((2, 3, 6, 6))
KERNEL = RNG.standard_normal((5, 3, 3, 3))


def norm(x, eps=1e-5, ddof=0, xp=jnp):
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred * centred).sum(-1, keepdims=True) / (x.shape[-1] - ddof)
    return centred / xp.sqrt(variance + eps)


def affine(x, b):
    return x @ W + b[None]


def attend(x, y, scale=0.5, xp=jnp):
    scores = x @ y.T * scale
    e = xp.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def causal(x):
    seen = jnp.arange(6)[:, None] >= jnp.arange(4)[None]
    return jnp.where(seen, x, 0.0)


def gelu(x):
    return jax.nn.gelu(x, approximate=False)


def gelu_by_tanh(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def gates(x):
    a, b = jnp.split(x, 2, axis=-1)
    return jnp.tanh(a) * b


def conv(image, kernel, padding=((1, 1), (1, 1))):
    return jax.lax.conv_general_dilated(image, kernel, (1, 1), padding)


def with_x64(f, *args):
    with jax.enable_x64(True):
        return np.asarray(f(*args))


NAMED = {
    "another eps": (norm, (X,), norm(X, 1e-6, xp=np), "eps 1e-6 where the reference has 1e-5"),
    "no eps": (norm, (X,), norm(X, 0.0, xp=np), "eps 0 where the reference has 1e-5"),
    "n - 1": (norm, (X,), norm(X, ddof=1, xp=np), "divides by n - 1 = 3 in its variance"),
    "a sum for a mean": (
        lambda x, y: jnp.mean((x - y) ** 2, -1),
        (X, X[::-1]),
        np.sum((X - X[::-1]) ** 2, -1),
        "divides by 1 in its mean of squares",
    ),
    "another scale": (
        attend,
        (X, Y),
        attend(X, Y, 1 / np.sqrt(3), np),
        "1/sqrt(3) where the reference has 0.5",
    ),
    "softmax over another axis": (
        attend,
        (X, Y),
        attend(Y, X, xp=np).T,
        "a softmax over axis 0 where the reference has one over axis 1",
    ),
    "another gelu": (gelu, (X,), gelu_by_tanh(X), "gelu in its tanh form where the reference has"),
    "no activation": (gelu, (X,), X, "no activation where the reference has gelu in its erf form"),
    "a bias left out": (affine, (X, B), X @ W, "leaves out `args[1]`"),
    "a bias twice": (affine, (X, B), X @ W + 2 * B, "has `args[1]` twice"),
    "transposed": (lambda x, w: x @ w, (X, W), X @ W.T, "`args[1]` transposed"),
    "another argument": (
        lambda x, v, w: x @ v + w.sum(),
        (X, W, 3 * W.T[::-1]),
        X @ (3 * W.T[::-1]) + 3 * W.sum(),
        "has `args[2]` where the reference has `args[1]`",
    ),
    "a mask off by one": (causal, (X,), np.tril(X, -1), "a mask that is off by one"),
    "parts swapped": (
        gates,
        (X,),
        np.tanh(X[:, 2:]) * X[:, :2],
        "the first and the second of 2 parts",
    ),
    "joined in another order": (
        lambda x, y: jnp.concatenate([x, y]),
        (X, Y),
        np.concatenate([Y, X]),
        "in each other's place",
    ),
    "heads interleaved": (
        lambda x: jnp.tanh(x.reshape(6, 2, 2) * FACTORS),
        (X,),
        np.tanh(X.reshape(6, 2, 2).swapaxes(1, 2) * FACTORS),
        "as where heads are interleaved",
    ),
    "padded on one side": (
        conv,
        (IMAGE, KERNEL),
        with_x64(conv, IMAGE, KERNEL, ((0, 2), (0, 2))),
        "has the padding (0, 2) where the reference has (1, 1)",
    ),
    "a kernel not flipped": (
        conv,
        (IMAGE, KERNEL),
        with_x64(conv, IMAGE, KERNEL[:, :, ::-1, ::-1]),
        "`args[1]` reversed along axes 2 and 3",
    ),
    "rounded": (
        lambda x: x + 1,
        (X,),
        (X + 1).astype(np.float16).astype(float),
        "holds numbers of float16 alone",
    ),
    "dropout": (
        lambda x: x + 3,
        (X,),
        (X + 3) * (np.arange(24) % 3 > 0).reshape(6, 4) * 1.5,
        "the others are 1.5 times as large, as by dropout",
    ),
}


@pytest.mark.parametrize("case", NAMED)
def test_it_is_named(case):
    reference, args, found, words = NAMED[case]
    assert words in reason(reference, args, found)


def two_mistakes():
    return norm(X, 1e-3, xp=np) @ W.T, lambda x, w: norm(x) @ w, (X, W)


def by_chance():
    """One number, which any factor explains."""
    return np.float64(0.123), lambda x: 0.7 * x.sum(), (X,)


def nothing_there():
    """0 has any factor, and any sign."""
    return np.full((6, 4), 1e-3), lambda x: 0 * x, (X,)


def unexplained():
    return np.sin(X) + 0.01, jnp.sin, (X,)


def right():
    return np.sin(X), jnp.sin, (X,)


@pytest.mark.parametrize("of", [two_mistakes, by_chance, nothing_there, unexplained, right])
def test_nothing_is_named(of):
    found, reference, args = of()
    assert reason(reference, args, found) is None


@pytest.mark.parametrize(("eps_beside", "is_named"), [(1e-6, True), (1e-5, False)])
def test_what_makes_another_place_worse_is_no_reason(eps_beside, is_named):
    def reference(x):
        normed = norm(x)
        return cut(3 * normed, "here").sum() + cut(2 * normed, "beside").sum()

    beside = {"beside": 2 * norm(X, eps_beside, xp=np)}
    found = 3 * norm(X, 1e-6, xp=np)
    said = reason(reference, (X,), found, of=("forward", "here"), beside=beside)
    assert said == ("`here` has eps 1e-6 where the reference has 1e-5" if is_named else None)


def test_it_stops_when_it_is_late():
    assert reason(norm, (X,), norm(X, 1e-6, xp=np), is_late=lambda: True) is None
