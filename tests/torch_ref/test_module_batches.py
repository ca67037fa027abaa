"""Gradients of batches of a torch module's own forward, in the forms that people write."""

import pytest
import torch

from tests.support.module_forms import FORMS, Free, WithLoss, end_of, labels
from torch_ref.module import ModuleError, read_module
from torch_ref.module_batches import module_batch_gradient
from torch_ref.module_gradients import module_gradients

N = 5


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(1)


def batch(form):
    return torch.rand(N, 3) - 0.5, labels(end_of(form), form.outputs, N)


def is_sum(form):
    """Whether the forward adds up the losses of a batch; the others average, or have no loss."""
    summed = ("MSELoss, summed", "half of squares", "hinge")
    return any(form is FORMS[name] for name in summed)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_forward_of_any_form_takes_a_batch(form, reduction):
    module = form.make()
    chain = read_module(module)
    output, loss = end_of(form)
    x, y = batch(form)
    options = {"output": output, "loss": loss, "l2": 0.01}
    each = module_gradients(module, chain, x, y, **options).grads
    found = module_batch_gradient(module, chain, x, y, reduction=reduction, **options)
    own = reduction if form.end is None else ("sum" if is_sum(form) else "mean")
    reduced = [one.mean(dim=0) if own == "mean" else one.sum(dim=0) for one in each]
    layers = [layer for layer in chain.layers for _ in (0, 1)]
    params = dict(module.named_parameters())
    for i, (layer, ours, expected) in enumerate(zip(layers, found, reduced, strict=True)):
        penalty = 0.0 if i % 2 or own == "mean" else 0.01 * layer.as_weight(params[layer.weight])
        expected = expected - (N - 1) * penalty
        assert ours.shape == expected.shape
        assert not ours.requires_grad
        torch.testing.assert_close(ours, expected)


def test_losses_of_single_samples_are_reduced_as_asked():
    def run(net, x, y):
        return torch.nn.functional.cross_entropy(net.z(x), y, reduction="none")

    module = WithLoss(run, outputs=3)
    x, y = torch.rand(N, 3), torch.eye(3)[torch.arange(N) % 3]
    options = {"output": "softmax", "loss": "cross_entropy"}
    mean, total = (
        module_batch_gradient(module, read_module(module), x, y, reduction=kind, **options)
        for kind in ("mean", "sum")
    )
    for one, other in zip(mean, total, strict=True):
        torch.testing.assert_close(N * one, other)


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (lambda net, x: net.z(x.reshape(1, -1)), "RuntimeError: mat1 and mat2 shapes"),
        (lambda net, x: net.z(x)[0], "it returns 2 numbers"),
    ],
)
def test_a_forward_of_single_samples_alone_is_told(run, said):
    module = Free(run)
    with pytest.raises(ModuleError) as raised:
        module_batch_gradient(
            module, read_module(module), torch.rand(N, 3), torch.rand(N, 2), reduction="sum"
        )
    told = str(raised.value)
    assert told.startswith(
        "module: expected its forward to take a batch, x [5, 3], and to make 2 outputs or a loss "
        f"of each sample or one loss of all: {said}"
    )
    assert told.endswith("; mend it, or compare single samples alone")
