"""Gradients of one network as the evidence takes them."""

from compare.evidence.certificate.making import make_case
from compare.problem.network import make_network


def network_of(params, activation):
    """The network of these weights, whose hidden layers share one activation."""
    return make_network([params[0][0].shape[0], *(b.shape[0] for _, b in params)], activation)


def case_of(params, batch, grads, activation, **options):
    x, y = batch
    return make_case(network_of(params, activation), params, x, y, grads, **options)
