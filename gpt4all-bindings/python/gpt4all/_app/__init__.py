"""The chat application's server: its API, its pages, and what it keeps. gpt4all.app is what is public of it."""
