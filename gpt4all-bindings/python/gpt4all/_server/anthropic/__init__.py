"""Anthropic's API: https://docs.anthropic.com/en/api/messages."""
