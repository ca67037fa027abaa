"""The rules and the state of an optimizer of torch."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.steps.rules.rule import Rule
from torch_ref.convert import to_array

Group = Mapping[str, Any]

_SLOTS = MappingProxyType(
    {
        "momentum_buffer": "momentum",
        "exp_avg": "first_moment",
        "grad_avg": "first_moment",
        "exp_avg_sq": "second_moment",
        "square_avg": "second_moment",
        "sum": "second_moment",
        "max_exp_avg_sq": "max_second_moment",
        "step": "count",
    }
)


def read_torch(optimizer: Any, named: Mapping[str, Any]) -> dict[str, Rule]:
    """Returns the rules of an optimizer as it is now; a scheduler changes the rate of later steps.

    Args:
      optimizer: of `torch.optim`.
      named: the parameters of the model, by their names.

    Raises:
      UsageError: if the rule of such an optimizer is not known, or a parameter has no name.
    """
    import torch

    known = {getattr(torch.optim, kind): read for kind, read in _READ.items()}
    read = known.get(type(optimizer))
    if read is None:
        raise UsageError(
            f"optimizer: expected one of torch.optim whose rule is known, {', '.join(_READ)}; got "
            f"{type(optimizer).__module__}.{type(optimizer).__qualname__}"
        )
    names = {id(parameter): name for name, parameter in named.items()}
    found = {}
    for number, group in enumerate(optimizer.param_groups):
        rule = read(group)
        for place, parameter in enumerate(group["params"]):
            if id(parameter) not in names:
                raise UsageError(
                    f"optimizer: expected parameters of the model, got another one of shape "
                    f"{tuple(parameter.shape)} as number {place} of group {number}; was the "
                    "optimizer made before the model was copied?"
                )
            if parameter.requires_grad:
                found[names[id(parameter)]] = rule
    return found


def torch_state(optimizer: Any, named: Mapping[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    """Returns copies of the state of an optimizer: slot -> name of the parameter -> array."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, parameter in named.items():
        for slot, value in slots_of(optimizer, parameter).items():
            found.setdefault(slot, {})[name] = np.array(to_array(value))
    return found


def slots_of(optimizer: Any, parameter: Any) -> dict[str, Any]:
    """Returns the state of one parameter: slot -> the tensor that the optimizer has itself.

    One of another shape than the parameter's is none of these slots, but for the count.
    """
    import torch

    state = optimizer.state.get(parameter, {})
    return {
        _SLOTS[key]: value
        for key, value in state.items()
        if key in _SLOTS
        and torch.is_tensor(value)
        and (key == "step" or value.shape == parameter.shape)
    }


def _sgd(group: Group) -> Rule:
    shared = _numbers(group, "lr", "momentum", "dampening", "weight_decay")
    return Rule("sgd", nesterov=group["nesterov"], maximize=group["maximize"], **shared)


def _adam(group: Group) -> Rule:
    first, second = map(float, group["betas"])
    return Rule(
        "adam",
        betas=(first, second),
        amsgrad=group["amsgrad"],
        maximize=group["maximize"],
        decoupled=bool(group.get("decoupled_weight_decay")),
        **_numbers(group, "lr", "eps", "weight_decay"),
    )


def _rmsprop(group: Group) -> Rule:
    shared = _numbers(group, "lr", "alpha", "eps", "weight_decay", "momentum")
    return Rule("rmsprop", centered=group["centered"], maximize=group["maximize"], **shared)


def _adagrad(group: Group) -> Rule:
    shared = _numbers(group, "lr", "eps", "weight_decay", "lr_decay")
    return Rule("adagrad", maximize=group["maximize"], **shared)


def _numbers(group: Group, *names: str) -> dict[str, Any]:
    return {name: float(group[name]) for name in names}


_READ: Mapping[str, Callable[[Group], Rule]] = MappingProxyType(
    {"SGD": _sgd, "Adam": _adam, "AdamW": _adam, "RMSprop": _rmsprop, "Adagrad": _adagrad}
)
