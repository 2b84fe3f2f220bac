"""Readers of document formats. They run in a process of their own, which may be killed: see _reader.py."""
