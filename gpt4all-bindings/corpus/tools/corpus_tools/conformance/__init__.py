"""Compares what the bindings of all languages made of the corpus, case by case, with the cases and with each other."""
