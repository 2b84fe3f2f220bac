"""A local server with the APIs of OpenAI, Anthropic, Ollama and llama-server; `gpt4all.server` offers it to others."""
