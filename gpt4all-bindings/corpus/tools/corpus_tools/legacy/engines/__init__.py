"""Programs of 2023 that read or write its model files, as PyPI still has them; each runs in a process of its own."""
