"""The kinds of evidence: what each asks of the answers to a block, and how blocks add up."""
