"""What makes, runs and checks the conformance corpus, on the Python binding that is installed.

Every command is a module of its own, such as `python -m corpus_tools.generate`; the corpus's README.md lists them.
"""
