"""Torch modules as people write them are read, and differentiated, as they are."""

import pytest
import torch

from tests.support.module_forms import FORMS, end_of, labels
from torch_ref import MLP, per_sample_gradients
from torch_ref.activations import Activation
from torch_ref.lookup import activation
from torch_ref.module import read_module
from torch_ref.module_gradients import module_gradients

SAMPLES = 4


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(1)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_chain_of_a_form(form):
    chain = read_module(form.make())
    assert chain.activations == form.activations
    assert (chain.output, chain.end) == (form.output, form.end)
    assert tuple(layer.bias is not None for layer in chain.layers) == form.biases
    assert chain.layer_sizes[0] == 3
    assert chain.layer_sizes[-1] == form.outputs


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_gradients_of_a_form_are_those_of_its_network(form):
    module = form.make()
    chain = read_module(module)
    output, loss = end = end_of(form)
    phis = [Activation(activation(name)) for name in chain.activations]
    model = MLP(chain.layer_sizes, activation=phis)
    own = dict(module.named_parameters())
    with torch.no_grad():
        for ours, layer in zip(model.layers, chain.layers, strict=True):
            weight, bias = layer.of(own)
            ours.weight.copy_(weight)
            ours.bias.zero_() if bias is None else ours.bias.copy_(bias)
    x, y = torch.rand(SAMPLES, 3), labels(end, form.outputs, SAMPLES)
    found = module_gradients(module, chain, x, y, output=output, loss=loss)
    expected = per_sample_gradients(model, x, y, output=output, loss=loss)
    if found.prediction is not None:
        torch.testing.assert_close(found.prediction, expected.prediction)
    torch.testing.assert_close(found.loss, expected.loss)
    for i, (ours, theirs) in enumerate(zip(found.grads, expected.grads, strict=True)):
        is_none = i % 2 and not form.biases[i // 2]
        torch.testing.assert_close(ours, torch.zeros_like(theirs) if is_none else theirs)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_gradients_of_a_form_are_those_of_its_own_backward(form):
    """A hook that doubles the gradient of the first weights is part of it."""
    module = form.make()
    chain = read_module(module)
    output, loss = end = end_of(form)
    x, y = torch.rand(SAMPLES, 3), labels(end, form.outputs, SAMPLES)
    right = module_gradients(module, chain, x, y, output=output, loss=loss)
    dict(module.named_parameters())[chain.layers[0].weight].register_hook(lambda grad: 2 * grad)
    wrong = module_gradients(module, chain, x, y, output=output, loss=loss)
    first, *others = zip(wrong.grads, right.grads, strict=True)
    torch.testing.assert_close(first[0], 2 * first[1])
    for ours, theirs in others:
        torch.testing.assert_close(ours, theirs)


def test_labels_that_are_no_classes():
    module = FORMS["NLLLoss"].make()
    chain = read_module(module)
    x = torch.rand(SAMPLES, 3)
    with pytest.raises(ValueError, match="takes the number of a class, got labels that are no"):
        module_gradients(module, chain, x, torch.full((SAMPLES, 3), 1 / 3))
