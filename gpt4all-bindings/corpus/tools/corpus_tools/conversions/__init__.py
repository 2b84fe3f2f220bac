"""Checks what is converted from Hugging Face folders, with transformers and an unpatched llama.cpp."""
