"""Weights of two programs are paired by value, and by name where values are the same."""

import numpy as np

from compare.pairing.pairs import pair
from tests.pairing.networks import drawn, flax_weights, is_made, sources_of, torch_weights

OF_FLAX = {
    f"{kind}_{k}": f"{name}{k + 1}"
    for kind, name, count in (("Conv", "conv", 2), ("BatchNorm", "bn", 2), ("Dense", "fc", 3))
    for k in range(count)
}
LEAVES = {"kernel": "weight", "scale": "weight", "mean": "running_mean", "var": "running_var"}


def test_all_weights_of_a_network_are_paired_with_no_finding():
    theirs = torch_weights()
    own = flax_weights(theirs)
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert (found.kept, found.unused, found.ties) == ((), (), ())
    assert found.findings == found.remarks == ()
    assert found.layouts["Conv_0.kernel"] == "axes 2, 3, 1, 0"
    assert found.layouts["Dense_0.kernel"] == "transposed"
    assert found.layouts["Dense_0.bias"] == ""
    assert sources_of(found) == {
        f"{module}.{leaf}": (f"{OF_FLAX[module]}.{LEAVES.get(leaf, leaf)}",)
        for module, leaf in (name.split(".") for name in own if "Embed" not in name)
    } | {"Embed_0.embedding": ("embed.weight",)}


def test_norms_that_were_never_trained_are_told_apart_by_their_order_which_is_said():
    theirs = torch_weights(is_trained=False)
    found = pair(theirs, flax_weights(theirs))
    for k in range(2):
        for leaf in ("scale", "bias", "mean", "var"):
            expected = (f"bn{k + 1}.{LEAVES.get(leaf, leaf)}",)
            assert sources_of(found)[f"BatchNorm_{k}.{leaf}"] == expected
    assert found.findings == found.remarks == ()
    (tie,) = found.ties
    assert tie.own == ("BatchNorm_0.scale", "BatchNorm_1.scale")
    assert tie.theirs == ("bn1.weight", "bn2.weight")


def test_more_than_ten_norms_are_in_the_order_of_their_numbers():
    one = np.ones(4, np.float32)
    theirs = {f"bn{k}.weight": one for k in range(1, 13)}
    own = {f"BatchNorm_{k}.scale": one for k in sorted(range(12), key=str)}
    found = pair(theirs, own)
    assert sources_of(found) == {f"BatchNorm_{k}.scale": (f"bn{k + 1}.weight",) for k in range(12)}


def test_zero_biases_go_with_the_weights_beside_them_and_not_by_order():
    zero = np.zeros(8, np.float32)
    theirs = {}
    for k in range(3):
        theirs |= {f"fc{k}.weight": drawn(8, 8, seed=k), f"fc{k}.bias": zero}
    own = {}
    for k, of in enumerate((2, 0, 1)):
        own |= {f"layer_{k}.bias": zero, f"layer_{k}.kernel": theirs[f"fc{of}.weight"].T}
    found = pair(theirs, own)
    assert found.ties == ()
    assert [sources_of(found)[f"layer_{k}.bias"] for k in range(3)] == [
        ("fc2.bias",),
        ("fc0.bias",),
        ("fc1.bias",),
    ]


def test_equal_weights_go_by_the_words_of_their_modules():
    one = np.ones(8, np.float32)
    theirs = {"blocks.0.norm1.weight": one, "blocks.0.norm2.weight": one, "head_norm.weight": one}
    own = {"head_norm.scale": one, "blocks_0.norm2.scale": one, "blocks_0.norm1.scale": one}
    found = pair(theirs, own)
    assert found.ties == ()
    assert sources_of(found) == {
        "head_norm.scale": ("head_norm.weight",),
        "blocks_0.norm2.scale": ("blocks.0.norm2.weight",),
        "blocks_0.norm1.scale": ("blocks.0.norm1.weight",),
    }


def test_what_has_no_counterpart_is_kept_and_counts_are_left_out():
    theirs = {"fc.weight": drawn(4, 3), "fc.scale": drawn(7), "n": np.array(0)}
    own = {"Dense_0.kernel": theirs["fc.weight"].T, "Dense_0.bias": np.zeros(4, np.float32)}
    found = pair(theirs, own | {"count": np.array(3)})
    assert found.kept == ("Dense_0.bias",)
    assert found.unused == ("fc.scale",)
    assert found.findings == ()


def test_shared_weights_are_one_weight_twice():
    theirs = {"embed.weight": drawn(9, 4)}
    own = {"Embed_0.embedding": theirs["embed.weight"], "Dense_0.kernel": theirs["embed.weight"].T}
    found = pair(theirs, own)
    assert sources_of(found) == dict.fromkeys(own, ("embed.weight",))
    assert found.findings == found.kept == ()


def test_a_float64_reference_is_rounded_to_float32_and_a_float32_one_widened():
    theirs = torch_weights()
    wide = {n: a.astype(np.float64) * (1 + 1e-9) if a.ndim else a for n, a in theirs.items()}
    narrow = flax_weights({n: a.astype(np.float32) for n, a in wide.items()})
    exact = {n: a.astype(np.float64) for n, a in flax_weights(theirs).items()}
    for found, own in ((pair(wide, narrow), narrow), (pair(theirs, exact), exact)):
        assert found.findings == found.remarks == found.kept == ()
        assert set(found.arrangements) == set(own)


def test_rows_added_to_a_vocabulary_are_kept_as_they_are():
    theirs = {"embed.weight": drawn(9, 4)}
    own = {"embed": np.concatenate([theirs["embed.weight"], drawn(3, 4)])}
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.findings == ()
    assert [one.kind for one in found.remarks] == ["entries of its own"]
