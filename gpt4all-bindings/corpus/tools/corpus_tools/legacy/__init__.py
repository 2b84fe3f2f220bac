"""Writes and decodes the model files of 2023, with numpy alone: what the library's readers of them are tested with."""
