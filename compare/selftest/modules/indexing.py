"""In-place operations, slices and choices, as people write them: [N, features]."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from compare.selftest.modules.example import Example, normals


class InPlace(nn.Module):
    """Writes into what it has made, in every way there is."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)
        self.scale = nn.Parameter(torch.randn(6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.linear(x).clone()
        h += 1
        h[:, 2:4] *= 2
        h[h > 3] = 0.5
        h.relu_()
        out = torch.zeros_like(h)
        out[:, 0] = h.sum(1)
        out[:, 1:] += h[:, 1:] * self.scale[1:]
        return out.mul_(2).sub_(1)


class Assortment(nn.Module):
    """Rotations, normalised rows, the largest three, deviations, masks and clamps."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)
        self.temperature = nn.Parameter(torch.tensor(0.5))
        self.register_buffer("frequencies", torch.arange(4.0))

    def deviation(self, z: torch.Tensor) -> torch.Tensor:
        """The standard deviation of each column."""
        return z.std(0, unbiased=True) + 1e-6

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = self.linear(self.rotated(x)) / self.temperature.exp()
        largest = z.softmax(-1).topk(3, -1).values.sum(-1)
        moved = torch.einsum("ni,ij->nj", F.normalize(z, dim=-1), self.linear.weight)
        masked = moved.masked_fill(z > 1, 0.0) / self.deviation(z)
        chosen = torch.where(z[:, 0] > 0, z[:, 1] ** 2, z[:, 1].abs() ** 0.5)
        return masked.abs().clamp(max=3.0).sum(-1) + largest + z.logsumexp(-1) + chosen

    def rotated(self, x: torch.Tensor) -> torch.Tensor:
        """Turns the two halves of the columns by angles."""
        angles = self.frequencies * x.mean(-1, keepdim=True)
        a, b = x[..., :4], x[..., 4:]
        turned = (a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos())
        return torch.cat(turned, -1)


class GraphConvolution(nn.Module):
    """Messages along edges, summed where they arrive: nodes [n, features], edges [2, m]."""

    def __init__(self) -> None:
        super().__init__()
        self.message, self.own = nn.Linear(5, 6), nn.Linear(5, 6)
        self.head = nn.Linear(6, 3)

    def arrived(self, messages: torch.Tensor, target: torch.Tensor, n: int) -> torch.Tensor:
        """The mean of the messages to each node, 0 where there are none."""
        summed = messages.new_zeros(n, 6).index_add(0, target, messages)
        count = messages.new_zeros(n).index_add(0, target, torch.ones_like(messages[:, 0]))
        return summed / count.clamp(min=1)[:, None]

    def forward(self, nodes: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        source, target = edges
        arrived = self.arrived(self.message(nodes)[source], target, len(nodes))
        return self.head(F.relu(self.own(nodes) + arrived))


class Experts(nn.Module):
    """The two best of four experts for each row, each computed for all rows."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(6, 4)
        self.experts = nn.ModuleList(nn.Linear(6, 5) for _ in range(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        best, which = self.gate(x).topk(2, -1)
        shares = torch.zeros(len(x), 4, dtype=x.dtype).scatter(1, which, best.softmax(-1))
        made = torch.stack([expert(x) for expert in self.experts], 1)
        return (shares[..., None] * made).sum(1)


def _graph() -> tuple[torch.Tensor, ...]:
    return torch.randn(6, 5), torch.randint(0, 6, (2, 14))


INDEXING = (
    Example("in place", InPlace, normals((4, 6))),
    Example("assortment", Assortment, normals((5, 8))),
    Example("graph convolution", GraphConvolution, _graph),
    Example("mixture of experts", Experts, normals((5, 6))),
)
