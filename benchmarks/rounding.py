"""`python -m benchmarks.rounding`: what a bound costs beside the gradient that it bounds."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.timing import interleaved, medians
from compare import roundoff
from compare.options.exit_status import exit_with
from compare.options.option import flag, rows
from compare.options.parse import parse

USAGE = """\
Times the bounds of gradients beside the gradients, in float64 and in one run.

  python -m benchmarks.rounding           sizes of a layer in use
  python -m benchmarks.rounding --quick   small ones

In NumPy a gradient is written by hand, as in numpy.py of a student; under jit
it is jax.grad. Goals: at most 30 and 5 times as long.

Exit status: 0 if all was measured; 1 wrong usage or a crash."""

Arrays = tuple[np.ndarray, ...]


class Layer(NamedTuple):
    """One function of the benchmark: a sum of a layer's outputs, each with a weight c."""

    by_jax: Callable[..., Any]
    by_numpy: Callable[..., Arrays]  # the gradients, by hand
    shapes: Callable[[int], tuple[tuple[int, ...], ...]]  # of the arguments, c last, for a width


def _dense(x: Any, w: Any, b: Any, c: Any) -> Any:
    return jnp.sum(jnp.tanh(x @ w + b) * c)


def _dense_by_hand(x: Any, w: Any, b: Any, c: Any) -> Arrays:
    h = np.tanh(x @ w + b)
    delta = c * (1 - h * h)
    return delta @ w.T, x.T @ delta, delta.sum(0)


def _layernorm(x: Any, g: Any, b: Any, c: Any) -> Any:
    centred = x - jnp.mean(x, 1, keepdims=True)
    variance = jnp.mean(centred * centred, 1, keepdims=True)
    return jnp.sum((centred / jnp.sqrt(variance + 1e-5) * g + b) * c)


def _layernorm_by_hand(x: Any, g: Any, b: Any, c: Any) -> Arrays:
    del b
    centred = x - x.mean(1, keepdims=True)
    scale = 1 / np.sqrt((centred * centred).mean(1, keepdims=True) + 1e-5)
    normed = centred * scale
    d = c * g
    dx = (d - d.mean(1, keepdims=True) - normed * (d * normed).mean(1, keepdims=True)) * scale
    return dx, (c * normed).sum(0), c.sum(0)


def _attention(q: Any, k: Any, v: Any, c: Any) -> Any:
    p = jax.nn.softmax(q @ k.T / np.sqrt(q.shape[1]), axis=1)
    return jnp.sum(p @ v * c)


def _attention_by_hand(q: Any, k: Any, v: Any, c: Any) -> Arrays:
    scale = 1 / np.sqrt(q.shape[1])
    s = q @ k.T * scale
    p = np.exp(s - s.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    dp = c @ v.T
    ds = p * (dp - (dp * p).sum(1, keepdims=True)) * scale
    return ds @ k, ds.T @ q, p.T @ c


LAYERS = {
    "dense + tanh": Layer(_dense, _dense_by_hand, lambda n: ((n, n), (n, n), (n,), (n, n))),
    "layernorm": Layer(_layernorm, _layernorm_by_hand, lambda n: ((n, n), (n,), (n,), (n, n))),
    "attention": Layer(_attention, _attention_by_hand, lambda n: ((n, n),) * 4),
}


@dataclasses.dataclass(frozen=True)
class Options:
    """What to measure."""

    quick: bool = flag("Leave out what takes long.")


def main(argv: Sequence[str]) -> int:
    """Measures and prints."""
    parsed = parse(argv, rows(Options), usage=USAGE)
    parsed.refuse_words()
    options = Options(**parsed.values)
    widths, repeats = ((16, 64), 2) if options.quick else ((16, 64, 256, 1024), 5)
    print("medians of float64 gradients, and how many times as long their bounds take")
    print(f"{'':20}{'NumPy':>13}{'worst':>8}{'both':>8}{'jit':>13}{'worst':>8}{'both':>8}")
    for name, layer in LAYERS.items():
        for width in widths:
            print(_row(f"{name}, {width}", layer, width, repeats), flush=True)
    return 0


def _row(title: str, layer: Layer, width: int, repeats: int) -> str:
    rng = np.random.default_rng(0)
    args = [rng.standard_normal(shape) for shape in layer.shapes(width)]
    gradient = jax.grad(layer.by_jax, argnums=(0, 1, 2))
    bounds = {
        reading: roundoff(gradient, np.float32, reading=reading, is_pure=True)
        for reading in ("worst", "both")
    }
    with jax.enable_x64(True):
        compiled = {reading: jax.jit(bound) for reading, bound in bounds.items()}
        plain, on_device = jax.jit(gradient), [jnp.asarray(arg) for arg in args]
        tasks = {
            "NumPy": lambda: layer.by_numpy(*args),
            "NumPy worst": lambda: bounds["worst"](*args),
            "NumPy both": lambda: bounds["both"](*args),
            "jit": lambda: jax.block_until_ready(plain(*on_device)),
            "jit worst": lambda: jax.block_until_ready(compiled["worst"](*on_device)),
            "jit both": lambda: jax.block_until_ready(compiled["both"](*on_device)),
        }
        times = medians(interleaved(tasks, repeats))
    cells = [
        f"{1e3 * times[way]:10.3f} ms"
        + "".join(f"{times[f'{way} {reading}'] / times[way]:7.1f}x" for reading in bounds)
        for way in ("NumPy", "jit")
    ]
    return f"{title:20}{''.join(cells)}"


if __name__ == "__main__":
    exit_with(main, "benchmarks.rounding")
