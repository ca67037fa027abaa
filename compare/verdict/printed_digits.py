"""What is said of a print that shows too few digits."""


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
