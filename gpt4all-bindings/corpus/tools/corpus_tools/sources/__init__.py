"""What the cases are made from, one module for each topic."""
