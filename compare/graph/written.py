"""The graphs of a network, as objects and as files."""

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from compare.catalogue import ACTIVATIONS, DTYPES
from compare.errors import UsageError
from compare.formats.atomic import Staging
from compare.graph.alignment import Match, align
from compare.graph.base import Graph
from compare.graph.drawing import FORMATS, can_draw, picture
from compare.graph.jax_picture import jax_dot
from compare.graph.markdown import markdown
from compare.graph.side_by_side import both_dot
from compare.graph.torch_picture import torch_dot
from compare.options.checks import each_of, one_of

if TYPE_CHECKING:
    from torch import nn

Network = Union["nn.Module", Sequence[int]]


class Explained(NamedTuple):
    """Both graphs of one network, and which node of one is which of the other."""

    name: str  # 2-10-10-1 sigmoid
    torch: Graph
    jax: Graph
    rows: tuple[Match, ...]


def explain_network(
    network: Network, *, activation: str = "sigmoid", dtype: str = "float32"
) -> Explained:
    """Returns torch's autograd graph and JAX's jaxpr of the gradient of one sample.

    Args:
      network: layer sizes (d, n_1, ..., k), or a torch module that is a chain of linear layers
        with one activation between them; its own forward is what is drawn.
      activation: of the hidden layers; a module has its own.
      dtype: 'float32', or another that compare.run takes; a module has its own.

    Raises:
      UsageError: for a module that is no such chain, naming the part and the reason, and for
        sizes or an activation that cannot be.
    """
    one_of(ACTIVATIONS)("activation", activation)
    one_of(DTYPES)("dtype", dtype)
    from compare.graph.jax_graph import jax_graph
    from compare.graph.torch_graph import torch_graph
    from compare.graph.torch_network import module_network, plain_network
    from compare.implementations.user.torch_module import is_module

    if is_module(network):
        traced = module_network(network)
    else:
        traced = plain_network(_sizes(network), activation, dtype)
    sizes, phi = traced.layer_sizes, traced.activation
    torch, jax = torch_graph(traced), jax_graph(sizes, phi, traced.dtype)
    name = f"{'-'.join(map(str, sizes))} {phi}"
    return Explained(name, torch, jax, align(torch, jax, activation=phi))


def draw(
    network: Network,
    *,
    activation: str = "sigmoid",
    dtype: str = "float32",
    out: str = "out",
    formats: Sequence[str] = FORMATS,
) -> tuple[str, ...]:
    """Writes the graphs of a network to files, and returns their paths.

    graph_torch, graph_jax and graph_both are each a .dot text and, where pygraphviz is installed,
    pictures; graph.md has every explanation.

    Args:
      network: as in `explain_network`.
      activation: likewise.
      dtype: likewise.
      out: a folder.
      formats: of pictures: 'svg', 'png', 'pdf'; or none.

    Raises:
      UsageError: as `explain_network` does, for another format, and if nothing can be written.
    """
    each_of(FORMATS)("formats", formats)
    explained = explain_network(network, activation=activation, dtype=dtype)
    texts = dot_texts(explained)
    with Staging(out, option="--out") as staging:
        for stem, text in texts.items():
            staging.path(f"{stem}.dot").write_text(text)
        words = markdown(explained.torch, explained.jax, explained.rows, explained.name)
        staging.path("graph.md").write_text(words)
    names = staging.names
    if not formats or not can_draw():
        return names
    # Pictures come last: should Graphviz fail, the texts are there.
    with Staging(out, option="--out") as staging:
        for stem, text in texts.items():
            for kind in formats:
                staging.path(f"{stem}.{kind}").write_bytes(picture(text, kind))
    return names + staging.names


def dot_texts(explained: Explained) -> dict[str, str]:
    """Returns the text of each picture, by the name of its file."""
    name, torch, jax, rows = explained
    return {
        "graph_torch": torch_dot(torch, name),
        "graph_jax": jax_dot(jax, name),
        "graph_both": both_dot(rows, f"{name}: the same steps in torch and in JAX"),
    }


def _sizes(network: Any) -> tuple[int, ...]:
    try:
        sizes = tuple(operator.index(n) for n in network)
    except TypeError:
        raise UsageError(
            "network: expected a torch.nn.Module or layer sizes such as (2, 10, 10, 1), got "
            f"{network!r}"
        ) from None
    if len(sizes) < 2 or min(sizes) < 1:
        raise UsageError(
            "network: expected at least two positive sizes, inputs first and outputs last, such as "
            f"(2, 10, 10, 1); got {sizes}"
        )
    return sizes
