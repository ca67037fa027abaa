"""What is said of a print, or a step of gradient descent, that does not show all digits."""


def too_few_digits(subject: str, *, numbers: int, zeros: int, known: int) -> str:
    """Says how much a print shows, and what to do.

    Args:
      subject: what cannot be judged, with its verb, such as 'w1 of mine cannot'.
      numbers: how many there are.
      zeros: how many of them print as 0 and may be other numbers.
      known: how many show two significant digits or more, or are exact.
    """
    print_as = "prints" if zeros == 1 else "print"
    are = f"{known:,} are" if known > 1 else "1 is" if known else "none is"
    return (
        f"{subject} be judged from this print: {zeros:,} of {numbers:,} numbers {print_as} as 0, "
        f"and {are} known to two digits or more; print more digits, as %.9e does"
    )


def step_shows(rate: float, *, numbers: int, known: int) -> str:
    """Says how many numbers a step shows, of those that are known to two digits or more."""
    of = f"all {numbers:,}" if known == numbers else f"{known:,} of {numbers:,}"
    return (
        f"it comes from a step at a rate of {rate:g}, which shows two digits or more of {of} "
        "numbers"
    )
