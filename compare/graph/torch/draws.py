"""Random numbers for a chain of layers, and what they make of everything in it that has a name."""

from collections.abc import Iterator
from typing import NamedTuple

import torch

from compare.graph.torch.network import TorchNetwork
from torch_ref.chain import recompute
from torch_ref.lookup import shaped_label
from torch_ref.losses import OUTPUTS

# So many signs are drawn for every layer that they are hardly ever all alike: then relu would be
# taken for the identity, and the slope of |yhat - y| for 1.
_SIGNS = 16


class Draw(NamedTuple):
    """One sample with its network, in float64."""

    given: dict[str, torch.Tensor]  # as the recording calls them
    vectors: dict[str, torch.Tensor]  # z1, h1, ..., yhat and b1, ...
    matrices: dict[str, torch.Tensor]  # w1, ..., [n_in, n_out]


def draws(network: TorchNetwork) -> Iterator[Draw]:
    """Yields samples with other numbers, always the same."""
    generator = torch.Generator().manual_seed(0)
    chain, whole = network.chain, network.network
    d, k = whole.layer_sizes[0], whole.layer_sizes[-1]
    for i in range(max(2, -(-_SIGNS // min(whole.layer_sizes[1:])))):

        def draw(*shape: int) -> torch.Tensor:
            return torch.randn(shape, generator=generator, dtype=torch.float64)

        params = {name: draw(*network.recording.given[name].shape) for name in chain.names}
        for layer in chain.layers:
            params[layer.weight] /= layer.sizes[0] ** 0.5
        x, y = draw(d), _label(whole.loss, chain.label, draw(k), i)
        preacts, acts = recompute(chain, params, x)
        vectors, matrices = {}, {}
        for number, layer in enumerate(chain.layers, start=1):
            weight, bias = layer.of(params)
            matrices[f"w{number}"] = weight.T
            if bias is not None:
                vectors[f"b{number}"] = bias
            vectors[f"z{number}"] = preacts[number - 1]
            if number < len(chain.layers):
                vectors[f"h{number}"] = acts[number]
        vectors["yhat"] = OUTPUTS[whole.output](preacts[-1])
        given = {"x": x.unsqueeze(0), "y": shaped_label(chain.label or "row", y)}
        leaves = {name: p.requires_grad_() for name, p in params.items()}
        yield Draw({**given, **leaves}, vectors, matrices)


def _label(loss: str, form: str | None, y: torch.Tensor, i: int) -> torch.Tensor:
    """Makes numbers a label such as the loss takes it."""
    if loss == "cross_entropy" or form == "classes":
        return torch.eye(len(y), dtype=y.dtype)[i % len(y)]
    return {"binary_cross_entropy": y.sigmoid(), "hinge": y.sign()}.get(loss, y)
