"""What the corpus asks for, done without the library: by other implementations, or from the definitions."""
