"""The gradient of a batch of a torch module's own forward, by its own loss if it has one."""

import torch
from torch import nn

from torch_ref.chain import Chain, Params
from torch_ref.module_checks import unwrapped
from torch_ref.module_gradients import by_layer, check_labels, leaves_of
from torch_ref.refusals import ModuleError, first_line


def module_batch_gradient(
    module: nn.Module,
    chain: Chain,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    reduction: str,
    output: str = "linear",
    loss: str = "squared",
    l2: float = 0.0,
) -> list[torch.Tensor]:
    """Differentiates the loss of N samples, which the forward takes at once.

    A forward that returns one loss has reduced it in its own way, and that is what is
    differentiated, times the number of outputs if it is a mean over those too. Where it returns a
    loss for each sample, or a prediction, these are reduced here.

    Args:
      module: what `read_module` was given.
      chain: what it returned.
      x: [N, d].
      y: [N, k].
      reduction: 'mean' or 'sum'.
      output: of OUTPUTS, as in `module_gradients`.
      loss: of LOSSES, likewise.
      l2: lambda of lambda / 2 |w|^2, which is added once for the batch.

    Returns:
      [n_out, n_in] and [n_out] in turn, detached; 0 of a bias that is none.

    Raises:
      ModuleError: if the forward takes no such batch, or makes something else of it.
    """
    module = unwrapped(module)
    check_labels(chain, y)
    own = dict(module.named_parameters())
    leaves = leaves_of(own, {name: own[name].detach().clone() for name in chain.names})
    try:
        with torch.enable_grad():
            losses = _losses(module, chain, leaves, x, y, output=output, loss=loss)
            value = losses.mean() if reduction == "mean" else losses.sum()
            if l2:
                squares = [leaves[layer.weight].square().sum() for layer in chain.layers]
                value = value + l2 / 2 * torch.stack(squares).sum()
        grads = torch.autograd.grad(value, list(leaves.values()), materialize_grads=True)
    except ModuleError:
        raise
    except (RuntimeError, ValueError, IndexError) as error:
        raise _no_batch(chain, len(x), first_line(error)) from None
    rows = {name: grad.unsqueeze(0) for name, grad in zip(leaves, grads, strict=True)}
    return [grad[0] for grad in by_layer(chain, rows)]


def _losses(
    module: nn.Module,
    chain: Chain,
    params: Params,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    output: str,
    loss: str,
) -> torch.Tensor:
    """Returns a loss for each sample, [N], or one that the forward has reduced, [1]."""
    n, k = len(x), chain.layer_sizes[-1]
    prediction, value = chain.run_batch(module, params, x, y)
    if value is not None:
        if value.numel() not in (1, n):
            raise _no_batch(chain, n, f"its loss has {value.numel()} numbers")
        return value.reshape(-1) * chain.divisor
    assert prediction is not None
    if prediction.numel() != n * k:
        raise _no_batch(chain, n, f"it returns {prediction.numel()} numbers")
    return chain.loss_of(prediction.reshape(n, k), y, output, loss)


def _no_batch(chain: Chain, n: int, said: str) -> ModuleError:
    d, k = chain.layer_sizes[0], chain.layer_sizes[-1]
    return ModuleError(
        f"module: expected its forward to take a batch, x [{n}, {d}], and to make {k} "
        f"output{'s' * (k > 1)} or a loss of each sample or one loss of all: {said}; mend it, or "
        "compare single samples alone"
    )
