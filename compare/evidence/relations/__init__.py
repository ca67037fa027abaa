"""What one file of numbers is of another: one relation that explains every number."""
