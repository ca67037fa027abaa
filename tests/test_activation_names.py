"""Names of activations as they are typed: one for all layers or one for each, with numbers."""

import numpy as np
import pytest

from compare import Detail, compare_gradients
from compare.activation_names import activations_of_layers, joined_names, read_activation
from compare.errors import UsageError
from compare.graph import explain_network
from compare.options.command_line import config_from_argv
from compare.options.reproduce import reproducing_command
from compare.run import main
from jaxmlp import init_params

READ = {
    "relu": "relu",
    "gelu_tanh": "gelu",
    " tanh": "tanh",
    "leaky_relu": "leaky_relu:0.01",
    "leaky_relu:.2": "leaky_relu:0.2",
    "leaky_relu:0.20": "leaky_relu:0.2",
    "leaky_relu:-0": "leaky_relu:0",
    "elu": "elu:1",
    "elu:1e-3": "elu:0.001",
}
REFUSED = {
    "tanhh": "expected one of sigmoid, tanh",
    "": "expected one of sigmoid, tanh",
    "relu:0.1": "relu takes no number, got 'relu:0.1'",
    "tanh:": "tanh takes no number",
    "leaky_relu:": "expected the slope of leaky_relu as a number from -1000 to 1000",
    "leaky_relu:x": "such as leaky_relu:0.01; got 'leaky_relu:x'",
    "leaky_relu:nan": "the slope of leaky_relu",
    "elu:inf": "the alpha of elu",
    "elu:1001": "the alpha of elu",
    "elu:1:2": "the alpha of elu",
    "relu,": "expected one of sigmoid, tanh",
}


@pytest.mark.parametrize("text", READ)
def test_a_name_has_one_spelling(text):
    assert str(read_activation(text)) == READ[text]
    assert read_activation(READ[text]) == read_activation(text)


@pytest.mark.parametrize("text", REFUSED)
def test_a_name_that_cannot_be_is_refused_in_one_sentence(text):
    for refusing in (
        lambda: config_from_argv(["run", f"--activation={text}"]),
        lambda: explain_network((2, 3, 1), activation=text),
        lambda: compare_gradients([], [], activation=text),
    ):
        with pytest.raises(UsageError, match=r"^activation: ") as refused:
            refusing()
        assert REFUSED[text] in str(refused.value)
        assert "\n" not in str(refused.value)


def test_one_name_is_for_all_layers_and_several_are_for_each():
    assert activations_of_layers("elu", 3) == ("elu:1",) * 3
    assert activations_of_layers("relu", 0) == ()
    assert activations_of_layers("relu,leaky_relu:0.2", 2) == ("relu", "leaky_relu:0.2")
    assert joined_names(("relu", "tanh")) == "relu,tanh"
    assert joined_names(("relu", "relu")) == "relu"
    assert joined_names(()) == "identity"


@pytest.mark.parametrize(("sizes", "layers"), [("2,3,3,1", "2 hidden layers"), ("2,3,1", "1 hid")])
def test_another_number_of_names_is_refused(sizes, layers, tmp_path):
    argv = ["run", f"--layer_sizes={sizes}", "--activation=relu,tanh,elu", f"--out={tmp_path}"]
    with pytest.raises(UsageError, match=f"one for each of {layers}.*got 3: relu,tanh,elu"):
        main(argv)
    assert not list(tmp_path.iterdir())


def test_a_list_of_names_is_what_commas_are():
    layers = init_params(np.random.default_rng(0), (2, 4, 3, 1))
    x = np.random.default_rng(1).random((3, 2)).astype(np.float32)
    options = {"implementations": ("jax_grad", "numpy_manual"), "detail": Detail(witness=1)}
    for activation in (["tanh", "leaky_relu:0.2"], ("tanh", "leaky_relu:0.2")):
        report = compare_gradients(layers, x, activation=activation, **options)
        assert report.verdict == "agree"
        assert report.config["activation"] == "tanh,leaky_relu:0.2"
        assert report.witness[0].scaled < 1e-5
    for wrong in (3, [3], [["relu"]]):
        with pytest.raises(UsageError, match="activation: expected"):
            compare_gradients(layers, x, activation=wrong, **options)


def test_flagfiles_and_commands_have_them(tmp_path):
    flagfile = tmp_path / "mixed.flags"
    flagfile.write_text("--layer_sizes=2,4,4,1\n--activation=relu,elu:0.5\n")
    config = config_from_argv(["run", f"--flagfile={flagfile}"])
    command = reproducing_command(config, 3)
    assert "--activation=relu,elu:0.5" in command
    assert config_from_argv(command.split()[2:]).activation == "relu,elu:0.5"


def test_the_graph_has_the_activation_of_each_layer():
    explained = explain_network((2, 3, 4, 1), activation=["leaky_relu:0.2", "mish"])
    assert explained.name == "2-3-4-1 leaky_relu:0.2,mish"
    said = {node.label: node.explanation for node in explained.torch.nodes}
    assert "leaky_relu:0.2(z1) = z1 where z1 > 0, else 0.2 * z1" in said["h1"]
    assert "mish(z2) = z2 * t" in said["h2"]
