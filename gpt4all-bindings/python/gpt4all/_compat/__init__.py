"""The classes of the old package's release 2.8.2, on top of Model.

Programs reach them as `gpt4all`, `gpt4all.gpt4all`, `gpt4all.embed4all` and `gpt4all._pyllmodel`, as they always did.
"""
