"""JAX as an engine: its devices, its settings, and implementations that run on it."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.activation_names import row_of
from compare.errors import UsageError, no_memory
from compare.implementations.base import Engine, Factors, Implementation, Settings, check_bits
from compare.implementations.products import furthest_off
from compare.problem.answer_matrix import answer_in
from compare.problem.answers import Answer, answer_of, of_one_batch
from compare.problem.blocks import Block
from compare.problem.network import Network
from jaxmlp import ACTIVATIONS, FAMILIES, LOSSES, forward_with_intermediates
from jaxmlp.base import Batch, Evaluation, Grads, Intermediates, Params
from jaxmlp.sweep import chunk_function

_PEAK = "peak_bytes_in_use"  # which not every allocator counts
_NO_CODE = "Failed to materialize symbols"  # says XLA where a processor lacks instructions


def implementation(
    name: str,
    differentiate: Callable[..., Evaluation],
    params: Params,
    network: Network,
    device: str,
    settings: Settings,
    *,
    of_batch: Callable[..., Grads],
) -> Implementation:
    """Builds one of the implementations.

    Args:
      name: of it.
      differentiate: `per_sample_gradients` of `jaxmlp.autodiff` or `jaxmlp.backprop`.
      params: NumPy weights.
      network: whose weights they are.
      device: 'cpu' or 'gpu' for all of that kind, among which blocks go round; or one of them,
        such as 'cpu:0' or 'cuda:0'.
      settings: under which it computes.
      of_batch: the function of `jaxmlp.batches` that goes with it.

    Raises:
      UsageError: if JAX has no such device, or there is too little memory on it.
    """
    targets, dtype = jax_devices(device), params[0].w.dtype
    set_up = functools.partial(_set_up, targets, dtype, settings)

    def place(tree: Any, target: Any) -> Any:
        held = jax.device_put(jax.tree.map(np.array, tree), target)  # copies, which jax may alias
        jax.tree.map(lambda *both: check_bits(name, *map(np.asarray, both)), tree, held)
        return held

    with set_up():
        held_params = [place(params, target) for target in targets]
    programs = _programs(differentiate, of_batch, network)

    def evaluate(block: Block) -> Answer:
        turn = block.start // len(block.padded.x) % len(targets)
        with set_up():
            found = programs.gradients(held_params[turn], place(block.padded, targets[turn]))
            if block.size < len(block.padded.x):  # the last one, for which nothing more is compiled
                return answer_of(jax.tree.map(np.asarray, found), block.size)
            return answer_in(np.asarray(programs.matrix(found)), network)

    def intermediates(block: Block) -> Intermediates:
        with set_up():
            x = place(block.padded.x, targets[0])
            return jax.tree.map(np.asarray, programs.forward(held_params[0], x))

    def reduced(start: int, batch: Batch, reduction: str) -> Answer:
        del start
        with set_up():
            held = place(batch, targets[0])
            found = programs.batch_gradient(held_params[0], held, reduction=reduction)
            return of_one_batch(jax.tree.map(np.asarray, found))

    engine = _engine(tuple(targets), settings)
    more: dict[str, Any] = {"at_once": len(targets), "engine": engine, "reduced": reduced}
    return Implementation(name, engine.device, evaluate, intermediates, **more)


class _Programs(NamedTuple):
    """The jitted functions of one implementation of one network."""

    gradients: Callable[..., Evaluation]
    matrix: Callable[[Evaluation], jax.Array]  # of an answer; XLA would fuse it with gradients
    forward: Callable[..., Intermediates]
    batch_gradient: Callable[..., Grads]


@functools.lru_cache(maxsize=32)
def _programs(
    differentiate: Callable[..., Evaluation], of_batch: Callable[..., Grads], network: Network
) -> _Programs:
    """Makes them once for all weights of a network, so that other weights compile nothing.

    Each implementation has a jit of its own: in a common one XLA would merge what they share. The
    cache is by network and not by its activations alone, so that what a network has compiled goes
    when nobody has asked for it for a while.
    """
    activations = tuple(row_of(one, ACTIVATIONS, FAMILIES) for one in network.activations)
    loss = LOSSES[network.output, network.loss]
    options: dict[str, Any] = {"activation": activations, "loss": loss, "l2": network.l2}
    forward = functools.partial(forward_with_intermediates, activation=activations)
    has_bias = [network.has_bias(i) for i in range(network.n_layers)]

    def matrix(found: Evaluation) -> jax.Array:
        arrays = [one for i, layer in enumerate(found.grads) for one in layer[: 1 + has_bias[i]]]
        rows = [array.reshape(len(array), -1).T for array in (*arrays, found.prediction)]
        return jnp.concatenate([*rows, found.loss[None]])

    return _Programs(
        chunk_function(differentiate, **options),
        jax.jit(matrix),
        jax.jit(jax.vmap(forward, in_axes=(None, 0))),
        jax.jit(functools.partial(of_batch, **options), static_argnames="reduction"),
    )


@contextlib.contextmanager
def jax_settings(dtype: np.dtype, matmul_precision: str = "highest") -> Iterator[None]:
    """Lets JAX compute in a dtype, take arrays, and multiply as precisely as it is told.

    Args:
      dtype: of the arrays.
      matmul_precision: 'highest', 'high', or 'default' for what the user has set, or JAX has.
    """
    multiplied: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
    if matmul_precision != "default":
        multiplied = jax.default_matmul_precision(matmul_precision)
    with jax.enable_x64(dtype == np.float64), jax.transfer_guard("allow"), multiplied:
        yield


def jax_devices(device: str) -> list[Any]:
    """Returns the local devices that a name means.

    Raises:
      UsageError: if there are none.
    """
    kind, _, number = device.partition(":")
    try:
        found = list(jax.local_devices(backend=kind))
    except Exception as error:  # jax raises several kinds, and asserts
        said = str(error).partition("\n")[0]
        raise UsageError(
            f"device: expected a {device} that jax {jax.__version__} can use, got: {said}; "
            "JAX_PLATFORMS and, for a gpu, an installed jax[cuda13] decide what there is"
        ) from None
    if not number:
        return found
    if int(number) >= len(found):
        raise UsageError(f"device: jax has {_listed(found)}, got {device}; pass one of these")
    return [found[int(number)]]


def device_names() -> list[str]:
    """Names every local device, of all kinds, the CPU first."""
    found = jax_devices("cpu")
    with contextlib.suppress(UsageError):
        found += jax_devices("gpu")
    return [_name(device) for device in found]


def _listed(devices: list[Any]) -> str:
    return ", ".join(map(_name, devices))


def _name(device: Any) -> str:
    """cpu:0, cuda:0: kind and number among those of this process."""
    kind = str(device).partition(":")[0] if device.platform == "gpu" else device.platform
    return f"{kind}:{jax.local_devices(backend=device.platform).index(device)}"


@functools.lru_cache(maxsize=64)
def _engine(targets: tuple[Any, ...], settings: Settings) -> Engine:
    """One for all implementations on the same devices."""
    first, *others = map(_name, targets)
    numbers = [name.partition(":")[2] for name in others]

    def multiply(factors: Factors) -> list[np.ndarray]:
        given = [(*map(np.array, pair), np.array(pair[1].T, order="C")) for pair in factors]
        dtype = factors[0][0].dtype
        with _set_up(targets, dtype, settings):
            found = _products(jax.device_put(given, targets[0]))
            return [
                furthest_off(*pair, map(np.asarray, ways))
                for pair, ways in zip(factors, found, strict=True)
            ]

    def peak_bytes() -> int | None:
        counted = [device.memory_stats() or {} for device in targets]  # none of the CPU's
        return max((int(one[_PEAK]) for one in counted if _PEAK in one), default=None)

    return Engine("jax", ",".join([first, *numbers]), multiply, peak_bytes)


@contextlib.contextmanager
def _set_up(targets: Sequence[Any], dtype: np.dtype, settings: Settings) -> Iterator[None]:
    """Computes under the settings of a run, and tells people what JAX says where it cannot."""
    with _explained(targets, dtype), jax_settings(dtype, settings.matmul_precision):
        yield


@contextlib.contextmanager
def _explained(targets: Sequence[Any], dtype: np.dtype) -> Iterator[None]:
    """Turns what JAX says of a full device, or of an old processor, into a sentence."""
    try:
        yield
    except RuntimeError as error:
        if "RESOURCE_EXHAUSTED" in str(error):
            raise no_memory("jax", ", ".join(map(_name, targets)), str(error)) from None
        if _NO_CODE in str(error):  # as of float16 for a CPU that has nothing beyond SSE4.2
            raise UsageError(
                f"dtype: expected one that jax {jax.__version__} compiles for "
                f"{', '.join(map(_name, targets))}, got {dtype}; take --dtype=float32, or allow "
                "more instructions where XLA_FLAGS has --xla_cpu_max_isa"
            ) from None
        raise


@jax.jit
def _products(factors: Any) -> list[list[jax.Array]]:
    """Multiplies by the very operations that `vmap` and `grad` make of the network, in all ways."""

    def product(a: jax.Array, b: jax.Array, turned: jax.Array) -> list[jax.Array]:
        if a.ndim == 1:
            return [lax.mul(a, b)]
        if a.ndim == 3:
            outer = lax.dot_general(b[:, 0], a[..., 0], (((), ()), ((0,), (0,))))
            return [lax.transpose(outer, (0, 2, 1))]
        weights = lax.transpose(b, (1, 0)), turned
        return [lax.dot_general(w, a, (((1,), (1,)), ((), ()))).T for w in weights]

    return [product(*given) for given in factors]
