"""Weights of two programs are paired by value, and by name where values are the same."""

import numpy as np

from compare.pairing.pairs import pair


def drawn(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(np.float32)


def test_a_dense_layer_and_a_convolution_are_laid_out_as_jax_has_them():
    theirs = {
        "conv.weight": drawn(8, 3, 5, 4),
        "conv.bias": np.zeros(8, np.float32),
        "fc.weight": drawn(6, 8),
        "fc.bias": np.zeros(6, np.float32),
    }
    own = {
        "Conv_0.bias": np.zeros(8, np.float32),
        "Conv_0.kernel": theirs["conv.weight"].transpose(2, 3, 1, 0),
        "Dense_0.bias": np.zeros(6, np.float32),
        "Dense_0.kernel": theirs["fc.weight"].T,
    }
    found = pair(theirs, own)
    assert {name: one.sources for name, one in found.arrangements.items()} == {
        "Conv_0.bias": ("conv.bias",),
        "Conv_0.kernel": ("conv.weight",),
        "Dense_0.bias": ("fc.bias",),
        "Dense_0.kernel": ("fc.weight",),
    }
    assert found.layouts["Conv_0.kernel"] == "axes 2, 3, 1, 0"
    assert found.layouts["Dense_0.kernel"] == "transposed"
    assert (found.kept, found.unused, found.ties) == ((), (), ())
    for name, one in found.arrangements.items():
        np.testing.assert_array_equal(one.of(theirs), own[name])


def test_equal_weights_go_by_the_module_then_by_name_then_by_order():
    zero, one = np.zeros(8, np.float32), np.ones(8, np.float32)
    theirs, own = {}, {}
    for k in range(2):
        theirs |= {f"fc{k}.weight": drawn(8, 8, seed=k), f"fc{k}.bias": zero}
        theirs |= {f"bn{k}.weight": one, f"bn{k}.bias": zero}
        theirs |= {f"bn{k}.running_mean": zero, f"bn{k}.running_var": one}
        own |= {f"BatchNorm_{k}.{leaf}": zero for leaf in ("bias", "mean")}
        own |= {f"BatchNorm_{k}.{leaf}": one for leaf in ("scale", "var")}
    own |= {"a.bias": zero, "a.kernel": theirs["fc1.weight"].T}
    own |= {"b.bias": zero, "b.kernel": theirs["fc0.weight"].T}
    found = pair(theirs, own)
    sources = {name: one.sources[0] for name, one in found.arrangements.items()}
    assert sources["a.bias"] == "fc1.bias"
    assert sources["b.bias"] == "fc0.bias"
    for k in range(2):
        assert sources[f"BatchNorm_{k}.mean"] == f"bn{k}.running_mean"
        assert sources[f"BatchNorm_{k}.var"] == f"bn{k}.running_var"
        assert sources[f"BatchNorm_{k}.scale"] == f"bn{k}.weight"
        assert sources[f"BatchNorm_{k}.bias"] == f"bn{k}.bias"
    assert found.ties


def test_what_has_no_counterpart_is_kept_and_told():
    theirs = {"fc.weight": drawn(4, 3), "fc.scale": drawn(7)}
    own = {"Dense_0.kernel": theirs["fc.weight"].T, "Dense_0.bias": np.zeros(4, np.float32)}
    found = pair(theirs, own | {"count": np.array(3)})
    assert found.kept == ("Dense_0.bias",)
    assert found.unused == ("fc.scale",)
