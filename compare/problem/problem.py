"""Weights and samples: made once, in NumPy, from the seed or from what people bring."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import ARGUMENTS, convert, round_once
from compare.formats.dtypes import dtype_of
from compare.formats.read.data import Samples, check_shapes, read_data, rows_of
from compare.formats.read.params import check_finite, params_from_layers, read_params
from compare.options.config import Config
from compare.problem.network import Network, uniform_network
from jaxmlp.base import Batch, Layer, Params, layer_sizes
from jaxmlp.mlp import init_params

_WEIGHTS, _SAMPLES = 0, 1  # two independent streams of one seed
_DRAWS_PER_COUNT = 4  # doubles that Philox makes from one value of its counter


@dataclasses.dataclass(frozen=True)
class Problem:
    """One network and N samples; every array is NumPy and read-only."""

    params: Params
    network: Network
    n_samples: int
    batch: Callable[[int, int], Batch]  # (start, stop) -> samples start .. stop - 1

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """(d, n_1, ..., k)."""
        return self.network.layer_sizes

    @property
    def dtype(self) -> np.dtype:
        """Of weights and samples."""
        return self.params[0].w.dtype

    def describe(self, config: Config) -> Config:
        """Returns the config with what the problem has settled: layer sizes and samples.

        Raises:
          UsageError: if the sample to trace is not among them.
        """
        return dataclasses.replace(config, layer_sizes=self.layer_sizes, samples=self.n_samples)


def make_problem(config: Config) -> Problem:
    """Draws or reads the weights and samples that the config asks for.

    Raises:
      UsageError: if a file does not hold what it should or contradicts a flag.
    """
    dtype = dtype_of(config.dtype)
    params = _make_params(config, dtype)
    sizes = layer_sizes(params)
    network = uniform_network(sizes, config.activation)
    if config.data is None:
        assert config.samples is not None
        assert config.seed is not None
        batch = random_batches(config.seed, sizes[0], sizes[-1], dtype)
        return Problem(_frozen(params), network, config.samples, batch)
    samples = read_data(
        config.data, n_inputs=sizes[0], n_outputs=sizes[-1], dtype=dtype, cast=config.cast
    )
    there = samples.x.shape[0]
    n_samples = there if config.samples is None else config.samples
    if n_samples > there:
        raise UsageError(f"samples: expected at most the {there} in {config.data}, got {n_samples}")
    batch = _stored_batches(samples, sizes[-1])
    return Problem(_frozen(params), network, n_samples, batch)


def problem_from_arrays(
    params: Sequence[tuple[Any, Any]],
    x: Any,
    y: Any = None,
    *,
    activation: str,
    layout: str,
    dtype: np.dtype,
    cast: bool = False,
) -> Problem:
    """Copies a user's arrays into a problem.

    Args:
      params: (w, b) a layer, anything that numpy.asarray reads or a torch tensor, w in `layout`.
      x: [N, d].
      y: [N, k], or None for the mean of x^2.
      activation: of the hidden layers.
      layout: 'in_out' or 'out_in'.
      dtype: to compute in.
      cast: whether to round what dtype does not have; else that is an error.

    Raises:
      UsageError: if shapes do not fit, a weight is not finite or a number does not exist in dtype.
    """

    def take(name: str, values: Any) -> np.ndarray:
        try:
            array = np.array(as_numpy(values))
        except (TypeError, ValueError) as error:  # the former as of torch's float8
            raise UsageError(f"{name}: expected an array of numbers: {error}") from None
        return convert(array, dtype, where=name, cast=cast, remedies=ARGUMENTS)

    def take_weight(name: str, values: Any) -> np.ndarray:
        array = take(name, values)
        check_finite(array, f"params: {name}")
        return array

    layers = []
    for i, layer in enumerate(params, start=1):
        if len(layer) != 2:
            raise UsageError(f"params: expected (w, b) for layer {i}, got {len(layer)} items")
        layers.append((take_weight(f"w{i}", layer[0]), take_weight(f"b{i}", layer[1])))
    checked = params_from_layers(layers, layout=layout, where="params")
    sizes = layer_sizes(checked)
    x = take("x", x)
    y = None if y is None else take("y", y)
    check_shapes(
        x.shape,
        None if y is None else y.shape,
        n_inputs=sizes[0],
        n_outputs=sizes[-1],
        where="samples",
    )
    samples = Samples(rows_of(x), None if y is None else rows_of(y))
    return Problem(
        _frozen(checked),
        uniform_network(sizes, activation),
        len(x),
        _stored_batches(samples, sizes[-1]),
    )


def as_numpy(values: Any) -> np.ndarray:
    """Returns values as an array, those of a torch parameter too; it may share their memory."""
    if hasattr(values, "detach"):  # torch refuses to convert what requires a gradient
        from torch_ref.convert import to_array  # loads torch, which whoever made values has loaded

        return to_array(values)
    return np.asarray(values)


def random_batches(
    seed: int, n_inputs: int, n_outputs: int, dtype: np.dtype
) -> Callable[[int, int], Batch]:
    """Returns a source of samples x ~ U[0, 1]^d with default labels.

    Sample i is read off a counter-based generator (Philox; Salmon et al., SC 2011) at a counter
    that depends on i alone, so it is the same however many samples there are and in whatever
    pieces they are made.
    """
    key = np.random.SeedSequence(seed, spawn_key=(_SAMPLES,)).generate_state(2, np.uint64)
    counts = -(-n_inputs // _DRAWS_PER_COUNT)

    def batch(start: int, stop: int) -> Batch:
        bits = np.random.Philox(key=key, counter=start * counts)
        draws = np.random.Generator(bits).random((stop - start, counts * _DRAWS_PER_COUNT))
        x = round_once(draws[:, :n_inputs], dtype)
        return _frozen(Batch(x, default_labels(x, n_outputs)))

    return batch


def default_labels(x: np.ndarray, n_outputs: int) -> np.ndarray:
    """Returns the mean of x_i^2, computed in float64, rounded once and repeated: [N, k]."""
    with np.errstate(over="ignore"):  # an infinite label is reported as any other
        mean = np.square(x.astype(np.float64)).mean(axis=1, keepdims=True)
    return np.repeat(round_once(mean, x.dtype), n_outputs, axis=1)


def _stored_batches(samples: Samples, n_outputs: int) -> Callable[[int, int], Batch]:
    def batch(start: int, stop: int) -> Batch:
        x = samples.x.read(start, stop)
        if samples.y is None:
            return _frozen(Batch(x, default_labels(x, n_outputs)))
        return _frozen(Batch(x, samples.y.read(start, stop).reshape(-1, n_outputs)))

    return batch


def _make_params(config: Config, dtype: np.dtype) -> Params:
    if config.params is None:
        assert config.layer_sizes is not None
        assert config.init is not None
        seed = np.random.SeedSequence(config.seed, spawn_key=(_WEIGHTS,))
        rng = np.random.default_rng(seed)
        drawn = init_params(rng, config.layer_sizes, init=config.init, dtype=np.float64)
        return tuple(Layer(*(round_once(leaf, dtype) for leaf in layer)) for layer in drawn)
    params = read_params(config.params, layout=config.layout, dtype=dtype, cast=config.cast)
    if config.layer_sizes not in (None, layer_sizes(params)):
        asked, found = (",".join(map(str, s)) for s in (config.layer_sizes, layer_sizes(params)))
        raise UsageError(
            f"layer_sizes: {asked} contradicts {config.params}, which holds {found}; "
            "leave out --layer_sizes"
        )
    return params


def _frozen(tree: Any) -> Any:
    """Makes every array of a tuple of tuples read-only, so that nobody can change a neighbour's."""
    for leaf in tree:
        if isinstance(leaf, np.ndarray):
            leaf.setflags(write=False)
        else:
            _frozen(leaf)
    return tree
