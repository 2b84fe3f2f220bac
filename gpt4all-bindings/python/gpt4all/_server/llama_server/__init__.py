"""What editors ask of llama.cpp's llama-server: https://github.com/ggml-org/llama.cpp/tree/master/tools/server."""
