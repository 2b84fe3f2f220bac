"""The pipeline that makes models for GPT4All. Each step is a command of `gpt4all-train`; the first is curate."""
