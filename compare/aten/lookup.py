"""The JAX of an operation of a graph."""

import operator
from typing import Any

import jax
from torch.fx import Node

from compare.aten.gradient_flow import STOP
from compare.aten.operations import OPERATIONS


def operation(node: Node) -> Any:
    """Returns the JAX of an operation, None if there is none."""
    if node.target is operator.getitem:
        return operator.getitem
    if node.target is STOP:
        return jax.lax.stop_gradient
    return OPERATIONS.get(operation_name(node))


def operation_name(node: Node) -> str:
    """Returns the name of an operation, that of ATen without `aten.`."""
    if node.target is operator.getitem:
        return operation_name(node.all_input_nodes[0])
    return str(node.target).removeprefix("aten.")
