"""A local server with the APIs of OpenAI and Anthropic. `gpt4all.server` is what others may use of it."""
