"""Networks as people write them in torch, which are ported."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from compare.selftest.modules.attention import CausalAttention
from compare.selftest.modules.example import Example, normals, tokens
from compare.selftest.modules.transformers import FeedForward


class Mlp(nn.Module):
    """[N, 10] to logits of 5 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.norm, self.act = nn.Linear(10, 24), nn.LayerNorm(24), nn.GELU()
        self.fc2, self.tanh = nn.Linear(24, 24), nn.Tanh()
        self.fc3 = nn.Linear(24, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.act(self.norm(self.fc1(x)))
        return self.fc3(self.tanh(self.fc2(h)))


class Classifier(nn.Module):
    """Cross-entropy with smoothed labels, as a mean over samples."""

    def __init__(self) -> None:
        super().__init__()
        self.mlp = Mlp()

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(self.mlp(x), labels, label_smoothing=0.1)


class Cnn(nn.Module):
    """[N, 3, 12, 12] to logits of 5 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.relu, self.pool = nn.ReLU(), nn.MaxPool2d(2)
        self.conv2, self.bn2 = nn.Conv2d(8, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8)
        self.fc1, self.fc2 = nn.Linear(72, 16), nn.Linear(16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.relu(self.bn1(self.conv1(x))))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.fc2(self.relu(self.fc1(x.flatten(1))))


class TorchAttention(nn.Module):
    """Torch's own attention to what came before."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.mha = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        return self.mha(x, x, x, attn_mask=later, need_weights=False)[0]


class Block(nn.Module):
    """Attention and then a feed-forward network, norms first."""

    def __init__(self, width: int, attn: nn.Module) -> None:
        super().__init__()
        self.ln1, self.attn = nn.LayerNorm(width), attn
        self.ln2, self.mlp = nn.LayerNorm(width), FeedForward(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class Transformer(nn.Module):
    """Tokens to logits of the next: [N, time] to [N, time, vocabulary]."""

    def __init__(self) -> None:
        super().__init__()
        self.tok, self.pos = nn.Embedding(30, 16), nn.Embedding(8, 16)
        attentions = (TorchAttention(16, 2), CausalAttention(16, 2))
        self.blocks = nn.ModuleList(Block(16, attn) for attn in attentions)
        self.ln_f, self.head = nn.LayerNorm(16), nn.Linear(16, 30, bias=False)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        x = self.tok(words) + self.pos(torch.arange(words.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))


class Lstm(nn.Module):
    """Words to logits of 4 classes, by what the last state has seen: [N, time] to [N, 4]."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 12)
        self.lstm = nn.LSTM(12, 12, batch_first=True)
        self.head = nn.Linear(12, 4)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.lstm(self.embed(words))
        return self.head(outputs[:, -1])


def _labelled() -> tuple[torch.Tensor, ...]:
    return torch.randn(6, 10), torch.randint(0, 5, (6,))


MLP = Example("mlp", Mlp, normals((6, 10)))
CLASSIFIER = Example("classifier", Classifier, _labelled)
CNN = Example("cnn", Cnn, normals((4, 3, 12, 12)))
CNN_EVAL = Example("cnn in eval mode", lambda: Cnn().eval(), normals((4, 3, 12, 12)))
TRANSFORMER = Example("transformer", Transformer, tokens(30, 4, 8))
LSTM = Example("lstm", Lstm, tokens(20, 4, 6))
