#pragma once

// Defined in a source that CMake writes: all others compile to the same in every clone, and come out of ccache.

/** The folder with the models of the corpus. */
extern const char *const test_models;

/** The folder with these tests. */
extern const char *const test_data;

/** The folder with the chat templates that come with llama.cpp. */
extern const char *const test_templates;
