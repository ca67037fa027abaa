"""Torch modules as people write them, each with arguments, and what it does wrong or right."""

import collections
import dataclasses

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.utils.checkpoint import checkpoint

Pair = collections.namedtuple("Pair", "first second")


@dataclasses.dataclass
class Output:
    logits: torch.Tensor
    hidden: object = None


class Net(nn.Module):
    """Two layers of 4 units, and a forward(net, x) of the test."""

    def __init__(self, run, **parts):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
        self.run = run
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *args, **kwargs):
        return self.run(self, *args, **kwargs)


class Swish(torch.autograd.Function):
    """Its forward detaches and switches gradients off, which has no meaning there."""

    @staticmethod
    def forward(ctx, x):
        detached = x.detach()
        with torch.no_grad():
            gate = torch.sigmoid(x)
        ctx.save_for_backward(gate, detached)
        return detached * gate

    @staticmethod
    def backward(ctx, grad):
        gate, x = ctx.saved_tensors
        return grad * (gate + x * gate * (1 - gate))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.kv, self.out = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x):
        batch, time, _ = x.shape
        q = self.q(x).view(batch, time, 4, 2).transpose(1, 2)
        k, v = self.kv(x).view(batch, time, 2, 4).transpose(1, 2).chunk(2, -1)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return self.out(mixed.transpose(1, 2).reshape(x.shape))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(8), Attention()
        self.norm2, self.mlp = (
            nn.LayerNorm(8),
            nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8)),
        )

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    """Its head is tied to its embedding."""

    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(11, 8), nn.Parameter(torch.randn(5, 8))
        self.blocks = nn.ModuleList([Block()])
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class Residual(nn.Module):
    """A block of a ResNet, in place where it can be."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(2, 2, 3, padding=1, bias=False), nn.BatchNorm2d(2)
        self.conv2, self.bn2 = nn.Conv2d(2, 2, 3, padding=1, bias=False), nn.BatchNorm2d(2)
        self.relu, self.pool, self.head = nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Linear(8, 3)
        self.flatten = nn.Flatten()

    def forward(self, x):
        h = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        h += x
        self.relu(h)  # whose result is the tensor itself
        return self.head(self.flatten(self.pool(h)))


def _stops(net, x):
    h = net.a(x)
    with torch.no_grad():
        scale = net.b(h).norm()
        swished = Swish.apply(h)
    target = torch.no_grad()(lambda: h.cos() + net.b.weight.data.sum())()
    return h / scale + swished + h * h.detach() + target


def _passes(net, x):
    h = net.flat(net.a(x)[:, None])
    return net.b(net.drop(net.relu(net.same(h))) + h) + net.same(x)


def _repeats(net, x):
    h = net.shared(net.again(net.a(net.a(x)).sin()))
    for part in (*net.many, *net.named.values()):
        h = h + part(x)
    moved = torch.func.functional_call(net.a, {"weight": net.b.weight * 2}, (h,))
    return moved + torch.vmap(net.b)(h)


def _parts(net, x):
    made = net.tree(x)
    return {
        "y": net.b(made[0]) * made[1]["mean"],
        "rest": [made[1]["mean"], None, 3],
        "pair": Pair(x * 2, Output(made[0].sum(), hidden=(made[0] + 1,))),
    }


def _tree(net, x):
    h = net.a(x)
    return h, {"mean": h.sin().mean() + h.sum(-1, keepdim=True), "count": 3}


def _changes(net, x):
    h = net.a(x)
    h[:, :2] *= 2
    h[h > 1] = 0.5
    h.sigmoid_()
    made = torch.zeros_like(h)
    made[:, 1:] += net.b(h)[:, 1:]
    return made.mul_(2).sub_(h)


def _checkpoints(net, x):
    h = checkpoint(net.a, x, use_reentrant=False)
    return checkpoint(net.deep, h, use_reentrant=True)


def _normed():
    part = nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))
    other = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4)).eval()
    return Net(lambda net, x: net.other(net.part(x)), part=part, other=other)


def _shared():
    shared = nn.Linear(4, 4)
    return Net(
        _repeats,
        shared=shared,
        again=shared,
        many=nn.ModuleList([nn.Linear(4, 4), nn.Tanh()]),
        named=nn.ModuleDict({"x": nn.Linear(4, 4)}),
    )


def _passing():
    return Net(
        _passes,
        flat=nn.Flatten(),
        same=nn.Identity(),
        drop=nn.Dropout(0.5).eval(),
        relu=nn.ReLU(inplace=True),
    )


def _encoder():
    layer = nn.TransformerEncoderLayer(
        8, 2, 8, dropout=0.0, batch_first=True, activation="gelu", norm_first=True
    )
    return Net(
        lambda net, x: net.encoder(x, mask=nn.Transformer.generate_square_subsequent_mask(3)),
        encoder=nn.TransformerEncoder(layer, 1, enable_nested_tensor=False),
    )


def _x(*shape):
    return (torch.randn(shape),)


# name -> a module, and its positional arguments
PROGRAMS = {
    "residual block with batchnorm": lambda: (Residual(), _x(3, 2, 4, 4)),
    "transformer of tied weights": lambda: (Transformer(), (torch.randint(0, 11, (2, 5)),)),
    "TransformerEncoder": lambda: (_encoder(), _x(2, 3, 8)),
    "LSTM": lambda: (nn.LSTM(4, 3), _x(2, 2, 4)),
    "GRU in both directions": lambda: (
        Net(lambda net, x: net.gru(x)[0], gru=nn.GRU(4, 2, bidirectional=True)),
        _x(2, 2, 4),
    ),
    "where gradients stop": lambda: (Net(_stops), _x(3, 4)),
    "autograd.Function": lambda: (Net(lambda net, x: Swish.apply(net.a(x))), _x(3, 4)),
    "parts that pass on": lambda: (_passing(), _x(3, 4)),
    "parts called again": lambda: (_shared(), _x(3, 4)),
    "trees of tensors": lambda: (Net(_parts, tree=Net(_tree)), _x(3, 4)),
    "changes in place": lambda: (Net(_changes), _x(3, 4)),
    "checkpoints": lambda: (
        Net(_checkpoints, deep=nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))),
        _x(3, 4),
    ),
    "parametrizations": lambda: (_normed(), _x(3, 4)),
    "a wrapper of torch": lambda: (
        nn.DataParallel(nn.Sequential(nn.Linear(4, 4), nn.Tanh())),
        _x(3, 4),
    ),
}
