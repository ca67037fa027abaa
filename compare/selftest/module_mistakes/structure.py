"""Wrong ways from layer to layer: residuals, positions, gates, divisors and losses."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from compare.selftest.module_mistakes.mistake import OUTPUT, Mistake, becoming, forward, having
from compare.selftest.modules.embeddings import PaddedBagOfWords
from compare.selftest.modules.indexing import Assortment, GraphConvolution
from compare.selftest.modules.losses import Classifier, Contrastive
from compare.selftest.modules.transformers import Block, Gpt


class _AroundBoth(Block):
    """Leaves the attention out of the second sum."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        attended = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(attended))


class _WithoutResidual(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.ln1(x))
        return self.mlp(self.ln2(x))


class _PositionsOffByOne(Gpt):
    def placed(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.pos.roll(1, 0)


class _GatesReordered(nn.LSTM):
    """Reads the third and the fourth gate in each other's place."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, None]:
        h = c = x.new_zeros(len(x), self.hidden_size)
        outputs = []
        for x_t in x.unbind(1):
            of_x = F.linear(x_t, self.weight_ih_l0, self.bias_ih_l0)
            of_h = F.linear(h, self.weight_hh_l0, self.bias_hh_l0)
            enter, forget, leave, new = (of_x + of_h).chunk(4, -1)
            c = forget.sigmoid() * c + enter.sigmoid() * new.tanh()
            h = leave.sigmoid() * c.tanh()
            outputs.append(h)
        return torch.stack(outputs, 1), None


class _ResetBeforeTheProduct(nn.GRUCell):
    """As Keras has it, unless it is told otherwise."""

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        r_x, z_x, n_x = F.linear(x, self.weight_ih, self.bias_ih).chunk(3, -1)
        w_r, w_z, w_n = self.weight_hh.chunk(3)
        b_r, b_z, b_n = self.bias_hh.chunk(3)
        reset = (r_x + F.linear(h, w_r, b_r)).sigmoid()
        update = (z_x + F.linear(h, w_z, b_z)).sigmoid()
        new = (n_x + F.linear(reset * h, w_n, b_n)).tanh()
        return (1 - update) * new + update * h


class _UpdateInverted(nn.GRUCell):
    def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        r_x, z_x, n_x = F.linear(x, self.weight_ih, self.bias_ih).chunk(3, -1)
        r_h, z_h, n_h = F.linear(h, self.weight_hh, self.bias_hh).chunk(3, -1)
        update = (z_x + z_h).sigmoid()
        return update * (n_x + (r_x + r_h).sigmoid() * n_h).tanh() + (1 - update) * h


class _PaddingCounted(PaddedBagOfWords):
    def count(self, is_word: torch.Tensor) -> torch.Tensor:
        return torch.full_like(is_word[:, 0], is_word.shape[1], dtype=torch.int64)


class _Biased(Assortment):
    def deviation(self, z: torch.Tensor) -> torch.Tensor:
        return z.std(0, unbiased=False) + 1e-6


class _SumOfMessages(GraphConvolution):
    def arrived(self, messages: torch.Tensor, target: torch.Tensor, n: int) -> torch.Tensor:
        return messages.new_zeros(n, 6).index_add(0, target, messages)


class _MeanOverAll(Classifier):
    """Divides by the number of samples, and not by their weights."""

    def loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        each = F.cross_entropy(
            logits,
            labels,
            weight=self.weights,
            label_smoothing=self.smoothing,
            reduction="none",
        )
        return each.mean()


class _NotNormalised(Contrastive):
    def similarity(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return a @ b.mT


STRUCTURE: tuple[Mistake, ...] = (
    forward(
        "the residual of before the attention",
        "gpt",
        becoming("blocks.1", _AroundBoth),
        at="blocks.1",
        reason="leaves out `blocks.1.attn`",
    ),
    forward(
        "no residual",
        "gpt",
        becoming("blocks.0", _WithoutResidual),
        at="blocks.0",
        reason="a residual",
    ),
    forward(
        "positions off by one",
        "gpt",
        becoming("", _PositionsOffByOne),
        at="blocks.0.ln1",
        reason="`pos` rolled by one",
    ),
    forward(
        "gates reordered",
        "lstm",
        becoming("lstm", _GatesReordered),
        at="lstm[0]",
        reason="the third and the fourth of 4 parts",
    ),
    forward(
        "reset before the product",
        "gru in a loop",
        becoming("cell", _ResetBeforeTheProduct),
        at="cell",
    ),
    forward(
        "the update gate inverted",
        "gru in a loop",
        becoming("cell", _UpdateInverted),
        at="cell",
        reason="a gate g and 1 - g",
    ),
    forward(
        "padding counted in the mean",
        "padded bag of words",
        becoming("", _PaddingCounted),
        at="head",
        reason="a mask that lets everything pass",
    ),
    forward(
        "the biased standard deviation",
        "assortment",
        becoming("", _Biased),
        at=OUTPUT,
        reason="n = 5",
    ),
    forward(
        "the sum for the mean of messages",
        "graph convolution",
        becoming("", _SumOfMessages),
        at="head",
        reason="not divided",
    ),
    forward(
        "labels not smoothed",
        "classifier",
        having("", smoothing=0.0),
        at=OUTPUT,
        reason="smoothed by 0 ",
    ),
    forward(
        "a weighted loss over all samples",
        "classifier",
        becoming("", _MeanOverAll),
        at=OUTPUT,
        reason="divides by",
    ),
    forward(
        "times the temperature",
        "contrastive loss",
        having("", temperature=2.0),
        at=OUTPUT,
        reason="the scale 0.5",
    ),
    forward(
        "products for cosines",
        "contrastive loss",
        becoming("", _NotNormalised),
        at=OUTPUT,
        reason="2 divisions",
    ),
)
