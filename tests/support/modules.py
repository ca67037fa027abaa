"""Torch modules of 3 inputs and 2 outputs, to be read or refused."""

import torch
from torch import nn

LOW = (torch.bfloat16, torch.float16)


class Net(nn.Module):
    """Layers a, b and c, and a forward(net, x) of the test."""

    def __init__(self, run, **parts):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.run = run
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.run(self, x)


def between(act, **parts):
    return Net(lambda net, x: net.c(act(net.b(act(net.a(x))))), **parts)


def stack(*parts):
    """a, an activation and so on: Linear 3-4, what is given, Linear 4-2."""
    return nn.Sequential(nn.Linear(3, 4), *parts, nn.Linear(4, 2))


class WrongRelu(torch.autograd.Function):
    """A relu whose backward forgets the mask, and which vmap cannot follow."""

    @staticmethod
    def forward(ctx, x):
        return torch.relu(x)

    @staticmethod
    def backward(ctx, grad):
        return grad
