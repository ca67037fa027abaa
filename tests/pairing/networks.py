"""The weights of a network in torch, and the same in Flax."""

import numpy as np


def drawn(*shape, seed=0):
    generator = np.random.default_rng([seed, *shape])
    return generator.standard_normal(shape).astype(np.float32)


def torch_weights(*, is_trained=True):
    """Two convolutions with norms, three linear layers and an embedding."""
    found = {}
    for k in (1, 2):
        found |= {
            f"conv{k}.weight": drawn(8, (3, 8)[k - 1], 3, 3),
            f"conv{k}.bias": drawn(8, seed=k),
        }
        norm = ("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)
        for leaf, start in norm:
            trained = np.abs(drawn(8, seed=10 * k + len(leaf)))
            value = trained if is_trained else np.full(8, start, np.float32)
            found[f"bn{k}.{leaf}"] = value
        found[f"bn{k}.num_batches_tracked"] = np.array(0)
    for k, size in enumerate((16, 16, 5), 1):
        found |= {f"fc{k}.weight": drawn(size, 16, seed=k), f"fc{k}.bias": drawn(size, seed=20 + k)}
    return found | {"embed.weight": drawn(9, 16)}


def flax_weights(torch):
    """Makes the weights of the same network in Flax of those of torch."""
    found = {}
    for k in range(2):
        found[f"BatchNorm_{k}.scale"] = torch[f"bn{k + 1}.weight"]
        found[f"BatchNorm_{k}.bias"] = torch[f"bn{k + 1}.bias"]
    for k in range(2):
        found[f"Conv_{k}.kernel"] = torch[f"conv{k + 1}.weight"].transpose(2, 3, 1, 0)
        found[f"Conv_{k}.bias"] = torch[f"conv{k + 1}.bias"]
    for k in range(3):
        found[f"Dense_{k}.kernel"] = torch[f"fc{k + 1}.weight"].T
        found[f"Dense_{k}.bias"] = torch[f"fc{k + 1}.bias"]
    found["Embed_0.embedding"] = torch["embed.weight"]
    for k in range(2):
        found[f"BatchNorm_{k}.mean"] = torch[f"bn{k + 1}.running_mean"]
        found[f"BatchNorm_{k}.var"] = torch[f"bn{k + 1}.running_var"]
    return {name: array.copy() for name, array in found.items()}


def recurrent_weights(gates, *, is_zero=False):
    """Weights of torch's LSTM (4 gates) or GRU (3): input of 6, state of 5."""
    biases = [
        np.zeros(5 * gates, np.float32) if is_zero else drawn(5 * gates, seed=k) for k in (1, 2)
    ]
    return {
        "rnn.weight_ih_l0": drawn(5 * gates, 6),
        "rnn.weight_hh_l0": drawn(5 * gates, 5),
        "rnn.bias_ih_l0": biases[0],
        "rnn.bias_hh_l0": biases[1],
    }


def sources_of(pairing):
    return {name: one.sources for name, one in pairing.arrangements.items()}


def is_made(pairing, theirs, own):
    """Whether all of a candidate's weights are made exactly."""
    made = {name: one.of(theirs) for name, one in pairing.arrangements.items()}
    return all(np.array_equal(made.get(name), array) for name, array in own.items())
