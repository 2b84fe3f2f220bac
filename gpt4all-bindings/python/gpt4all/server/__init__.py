"""A local server with the API of OpenAI. `gpt4all serve` runs it; create_app() is the application.

Needs the extra `server`: pip install "gpt4all[server]".
"""
