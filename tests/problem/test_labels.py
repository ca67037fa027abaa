"""Labels as a loss wants them: drawn, read as classes, checked."""

import numpy as np
import pytest

from compare import UsageError, compare_gradients
from compare.problem.labels import Labels, default_labels
from compare.run import main

X = np.random.default_rng(0).random((7, 2), np.float32)
THREE = ("softmax", "cross_entropy", 3)


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        (THREE, {0, 1}),
        (("sigmoid", "binary_cross_entropy", 2), {0, 1}),
        (("tanh", "hinge", 2), {-1, 1}),
    ],
)
def test_drawn_labels_fit_the_loss_and_depend_on_the_number_of_the_sample_alone(labels, values):
    made = Labels(*labels, seed=3)
    x = np.zeros((500, 2), np.float32)
    drawn = made.drawn(x, 0)
    assert set(np.unique(drawn)) == values
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(made.drawn(x[:100], 250), drawn[250:350])
    assert (Labels(*labels, seed=4).drawn(x, 0) != drawn).any()
    assert 0.25 < (drawn == 1).mean() < 0.6
    if labels is THREE:
        np.testing.assert_array_equal(drawn.sum(axis=1), 1)


def test_other_losses_have_the_labels_they_had():
    for loss in ("squared", "mean_squared", "huber", "absolute"):
        made = Labels("linear", loss, 2).drawn(X, 5)
        np.testing.assert_array_equal(made, default_labels(X, 2))


@pytest.mark.parametrize("shape", [(7,), (7, 1)])
def test_numbers_of_classes_are_one_hot(shape):
    classes = np.array([0, 1, 2, 2, 1, 0, 2], np.float32).reshape(shape)
    made = Labels(*THREE)
    made.check(classes, start=0, where="y")
    np.testing.assert_array_equal(
        made.as_given(classes), np.eye(3, dtype=np.float32)[classes.reshape(-1).astype(int)]
    )


@pytest.mark.parametrize(
    ("labels", "y", "message"),
    [
        (THREE, [0, 3], "y: expected numbers of classes from 0 to 2; sample 11 has 3"),
        (THREE, [0, -1], "y: expected numbers of classes from 0 to 2; sample 11 has -1"),
        (THREE, [0, 0.5], "y: expected numbers of classes from 0 to 2; sample 11 has 0.5"),
        (THREE, [[1, 0, 0], [1, 1, 0]], "sum to 1 in every sample.*sample 11 has 1, 1, 0"),
        (THREE, [[1, 0, 0], [2, -1, 0]], "sum to 1 in every sample.*sample 11 has 2, -1, 0"),
        (("sigmoid", "binary_cross_entropy", 1), [[0], [1.5]], "from 0 to 1.*sample 11 has 1.5"),
        (("linear", "hinge", 1), [[1], [0]], "-1 and 1, for --loss=hinge; sample 11 has 0"),
        (("linear", "hinge", 1), [[1], [np.nan]], "-1 and 1, for --loss=hinge; sample 11 has nan"),
    ],
)
def test_labels_that_cannot_be_are_refused(labels, y, message):
    with pytest.raises(UsageError, match=message):
        Labels(*labels).check(np.array(y, np.float32), start=10, where="y")


def test_probabilities_may_miss_one_by_rounding():
    for dtype, thirds in (("float32", np.full((1, 3), 1 / 3)), ("float16", np.full((1, 7), 1 / 7))):
        labels = Labels("softmax", "cross_entropy", thirds.shape[1])
        labels.check(thirds.astype(dtype), start=0, where="y")


def test_classes_of_a_library_call_and_of_a_file(tmp_path, capsys):
    rng = np.random.default_rng(0)
    params = [
        (rng.random((2, 4), np.float32), np.zeros(4, np.float32)),
        (rng.random((4, 3), np.float32), np.zeros(3, np.float32)),
    ]
    classes = np.array([0, 2, 1, 1, 0, 2, 2])
    found = compare_gradients(params, X, classes, loss="cross_entropy", layout="in_out")
    one_hot = compare_gradients(
        params, X, np.eye(3)[classes], loss="cross_entropy", layout="in_out"
    )
    assert found.verdict == one_hot.verdict == "agree"
    assert found.pairs == one_hot.pairs
    np.savez(tmp_path / "s.npz", x=X, y=np.where(classes == 2, 3, classes).astype(np.float32))
    flags = [
        "--layer_sizes=2,4,3",
        "--loss=cross_entropy",
        f"--data={tmp_path / 's.npz'}",
        f"--out={tmp_path / 'o'}",
    ]
    with pytest.raises(
        UsageError, match=r"s.npz: y: expected numbers of classes from 0 to 2; sample 1 has 3"
    ):
        main(["compare.run", *flags])
    assert not (tmp_path / "o").exists()
