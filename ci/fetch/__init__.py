"""What is fetched once and pinned: llama.cpp's source and the default model."""
