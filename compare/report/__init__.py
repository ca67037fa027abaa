"""What a person reads, made from the report object alone."""
