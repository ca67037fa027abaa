"""Optimizers that are wrong are found at the step where they act, and named."""

from compare import compare_steps
from compare.selftest.optimizer_mistakes import MISTAKES
from compare.selftest.optimizer_mistakes.correct import CORRECT

BY_NAME = {one.name: one for one in MISTAKES}


def test_there_are_many_and_each_has_a_name_of_its_own():
    assert len(BY_NAME) == len(MISTAKES) >= 30
    assert len(CORRECT) == 20


def test_a_mistake_is_found_at_its_first_step_and_named():
    mistake = BY_NAME["no schedule"]
    reference, candidate, batches = mistake.trainings()
    (found,) = compare_steps(reference, candidate, batches, steps=mistake.first + 1).candidates
    assert (found.verdict, found.first.number) == ("disagree", mistake.first)
    assert mistake.words in found.reason


def test_of_right_trainings_nothing_is_said():
    reference, candidates, batches = CORRECT[1].trainings()
    report = compare_steps(reference, candidates, batches, steps=2)
    assert report.agrees
    assert [one.reason for one in report.candidates] == [None, None]
