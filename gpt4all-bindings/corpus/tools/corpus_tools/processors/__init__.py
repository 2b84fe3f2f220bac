"""The library's modules for the processor: which can be run here and how, and cases run with one of them."""
