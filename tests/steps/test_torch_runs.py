"""Training runs of torch beside one another."""

import json

import pytest
import torch
from torch import nn

from compare import Training, UsageError, compare_steps
from compare.report import __main__ as command
from compare.report.json.schema import first_fault

BATCHES = [(torch.randn(6, 3, generator=torch.manual_seed(i)), torch.randn(6, 2)) for i in range(3)]
STEPS = 5


def model():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def training(make=torch.optim.SGD, *, loss=nn.functional.mse_loss, schedule=None, **options):
    own = model()
    optimizer = make(own.parameters(), **{"lr": 0.1, **options})
    return Training(own, loss, optimizer, schedule and schedule(optimizer))


class Own(torch.optim.Optimizer):
    """A user's own, with numbers and buffers among its attributes."""

    def __init__(self, params, lr):
        super().__init__(list(params), {"lr": lr})
        self.decay = 0.9
        self.mine = self.param_groups[0]["params"]
        self.momenta = [torch.zeros_like(one) for one in self.mine]

    def step(self, closure=None):
        for one, held in zip(self.mine, self.momenta, strict=True):
            held.mul_(self.decay).add_(one.grad)
            one.data.add_(held, alpha=-self.param_groups[0]["lr"])


class Broken(Own):
    def step(self, closure=None):
        return 1 / 0


class Uncopied(Own):
    def __deepcopy__(self, memo):
        raise TypeError("it holds a file")


def halved(optimizer):
    return torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)


def halved_late(optimizer):
    return torch.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.5)


MISTAKES = {
    "nesterov": training(momentum=0.9, schedule=halved, nesterov=True),
    "dampening": training(momentum=0.9, schedule=halved, dampening=0.1),
    "decay": training(momentum=0.9, schedule=halved, weight_decay=1e-3),
    "late": training(momentum=0.9, schedule=halved_late),
    "loss": training(momentum=0.9, schedule=halved, loss=lambda y, t: (y - t).square().sum()),
}


@pytest.fixture(scope="module")
def report():
    same = training(momentum=0.9, schedule=halved)
    return compare_steps(same, {"same": same, **MISTAKES}, BATCHES, steps=STEPS)


def standing(report, name):
    return next(one for one in report.candidates if one.name == name)


def test_the_same_training_agrees_at_every_step(report):
    same = standing(report, "same")
    assert (same.verdict, same.basis) == ("agree", "certificate")
    assert len(same.steps) == STEPS
    assert all(0 < one.used < 1 and one.apart == 0 < one.rounding for one in same.steps)


@pytest.mark.parametrize(
    ("name", "step", "kind", "leaf"),
    [
        ("nesterov", 1, "weights", "0.weight"),
        ("dampening", 2, "state", "0.weight: momentum"),
        ("decay", 1, "state", "0.weight: momentum"),
        ("late", 3, "weights", "0.weight"),
        ("loss", 1, "output", "output"),
    ],
)
def test_a_difference_is_found_at_the_first_step_where_it_acts(report, name, step, kind, leaf):
    found = standing(report, name)
    assert found.verdict == "disagree"
    assert (found.first.number, found.first.first.kind) == (step, kind)
    assert found.first.first.name == leaf
    assert found.sentence.startswith(f"step {step}, ")


def test_a_run_goes_on_to_be_compared_after_it_has_parted(report):
    found = standing(report, "dampening")
    assert [one.verdict for one in found.steps] == ["agree", *["disagree"] * (STEPS - 1)]
    assert all(one.gradients < 1 for one in found.steps)
    assert 0 < found.steps[1].apart < found.steps[-1].apart


def test_nothing_of_a_user_is_changed():
    own = training(momentum=0.9, schedule=halved)
    before = {name: one.clone() for name, one in own.model.state_dict().items()}
    compare_steps(own, own, BATCHES, steps=2)
    assert all(torch.equal(one, before[name]) for name, one in own.model.state_dict().items())
    assert not own.optimizer.state
    assert own.optimizer.param_groups[0]["lr"] == 0.1
    assert own.schedule.last_epoch == 0


def test_a_restart_lets_every_step_begin_at_the_reference():
    reference = training(torch.optim.Adam, lr=0.01)
    other = training(torch.optim.Adam, lr=0.01, weight_decay=0.1)
    candidates = {"other": other, "same": reference}
    found, same = compare_steps(reference, candidates, BATCHES, steps=3, restart=True).candidates
    assert found.verdict == "disagree"
    assert found.steps[-1].apart < 2 * found.steps[0].apart
    assert same.verdict == "agree"


def test_batches_come_again_where_there_are_fewer_than_steps():
    own = training()
    twice = compare_steps(own, own, (one for one in BATCHES[:2]), steps=4)
    (found,) = twice.candidates
    assert len(found.steps) == 4
    assert found.steps[2].loss < found.steps[0].loss


def test_the_report_shows_the_first_step_that_fails(report, tmp_path):
    text = str(report)
    assert text.startswith("✗ disagree: nesterov: the momentum is Nesterov's, ")
    assert "▁" in text or "▂" in text
    report.save(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "<svg" in page
    assert "state 0.weight: momentum" in page
    assert first_fault(json.loads(report.to_json())) is None
    report.save(tmp_path / "report.json")
    (tmp_path / "report.html").rename(tmp_path / "first.html")
    assert command.main(["compare.report", str(tmp_path / "report.json")]) == 0
    assert (tmp_path / "report.html").read_text() == page
    assert "nesterov" in report._repr_html_()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"steps": 0}, "steps: expected an integer of at least 1, got 0"),
        ({"batches": []}, "batches: expected one at least, got none"),
        ({"batches": torch.ones(2)}, "batches: expected a list or a loader of (*inputs, target)"),
        (
            {"batches": [torch.ones(2)]},
            "batches[0]: expected a tuple (*inputs, target), got Tensor",
        ),
        (
            {"batches": [BATCHES[0], (torch.ones(5, 3), torch.ones(5, 2))]},
            "batches[1][0]: expected float32 of shape (6, 3), as the first batch has, got float32 "
            "of shape (5, 3); leave a smaller last batch out, by drop_last=True",
        ),
        ({"candidates": model()}, "candidate: expected Training(model, loss, optimizer), got Seq"),
        ({"candidates": {}}, "candidates: expected at least one, got an empty dict"),
        (
            {"candidates": Training(model(), None, torch.optim.SGD(model().parameters()))},
            "candidate: optimizer: expected one of the parameters of the model, got one of others",
        ),
        ({"batches": [()]}, "batches[0]: expected a tuple (*inputs, target), got an empty one"),
        (
            {"candidates": Training(model(), None, torch.optim.SGD)},
            "candidate: optimizer: expected one of torch, made of model.parameters()",
        ),
        ({"candidates": training(Broken)}, "candidate: optimizer: raised: ZeroDivisionError"),
        ({"candidates": training(Uncopied)}, "candidate: optimizer: cannot be copied: TypeError"),
        (
            {"candidates": Training(model(), None, torch.sum)},
            "candidate: optimizer: expected one of torch, made of",
        ),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(given, said):
    own = training()
    asked = {"candidates": own, "batches": BATCHES, "steps": 2, **given}
    with pytest.raises(UsageError) as error:
        compare_steps(own, asked.pop("candidates"), asked.pop("batches"), **asked)
    assert str(error.value).startswith(said)


def test_weights_that_differ_at_the_start_are_told():
    other = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(other.parameters())
    with pytest.raises(UsageError, match=r"candidate: expected the 0\.weight of the reference"):
        compare_steps(training(), Training(other, None, optimizer), BATCHES, steps=1)


def test_a_run_ends_where_its_weights_are_not_finite():
    far = training(lr=1e30)
    report = compare_steps(far, far, BATCHES, steps=5)
    (found,) = report.candidates
    assert len(found.steps) < 5
    assert f"after step {len(found.steps)} its weights are not finite" in report.remarks[-1]
    assert "the runs            weights are not finite" in str(report)


def test_updates_that_rounding_hides_are_not_said_to_agree():
    slow = training(lr=1e-12)
    report = compare_steps(slow, training(lr=2e-12), BATCHES, steps=2)
    assert report.verdict == "undecided"
    assert "dtype='float64' shows them" in report.headline
    seen = compare_steps(slow, training(lr=2e-12), BATCHES, steps=2, dtype="float64")
    assert seen.verdict == "disagree"
    assert "the learning rate is 2 times that of the reference" in seen.candidates[0].reason


def test_statistics_are_followed_and_taken_by_a_restart():
    def normed(momentum):
        torch.manual_seed(1)
        own = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, momentum=momentum), nn.Linear(4, 2))
        return Training(own, nn.functional.mse_loss, torch.optim.SGD(own.parameters(), lr=0.1))

    candidates = {"same": normed(0.1), "other": normed(0.2)}
    same, other = compare_steps(normed(0.1), candidates, BATCHES, steps=3, restart=True).candidates
    assert same.verdict == "agree"
    assert (other.verdict, other.first.first.kind) == ("disagree", "statistic")


def test_dropout_in_train_mode_is_refused():
    own = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5))
    chance = Training(own, nn.functional.mse_loss, torch.optim.SGD(own.parameters()))
    with pytest.raises(UsageError, match="Dropout"):
        compare_steps(chance, chance, BATCHES, steps=1)


class Tied(nn.Module):
    """A pool over entries that are all 0: which is the largest is open, and makes nothing."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.first, self.relu, self.pool = nn.Linear(3, 8), nn.ReLU(), nn.MaxPool1d(2)
        self.last = nn.Linear(4, 2)
        with torch.no_grad():
            self.first.bias[:2] = -100.0

    def forward(self, x):
        return self.last(self.pool(self.relu(self.first(x))[:, None])[:, 0])


def test_float64_tells_where_bounds_say_nothing():
    own = Tied()
    tied = Training(own, nn.functional.mse_loss, torch.optim.SGD(own.parameters(), lr=0.1))
    (found,) = compare_steps(tied, tied, BATCHES, steps=2).candidates
    assert (found.verdict, found.basis) == ("agree", "float64")
    assert "the bounds say nothing of the cotangent of `relu`" in found.remarks[0]
    assert "in float64 all its results are those of the reference" in found.remarks[0]


def test_an_optimizer_of_a_users_own_keeps_all_that_it_has():
    for schedule in (None, halved):
        reference = training(momentum=0.9, schedule=schedule)
        own = training(Own, schedule=schedule)
        assert compare_steps(reference, own, BATCHES, steps=3).agrees
        assert not any(one.any() for one in own.optimizer.momenta)
