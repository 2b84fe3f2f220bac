"""What chat templates make of conversations, here and by jinja2 as transformers drives it."""
