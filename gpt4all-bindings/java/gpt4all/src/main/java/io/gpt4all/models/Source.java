package io.gpt4all.models;

/** One place that has a model's file. */
public sealed interface Source {
    /** A file at an address. */
    record Https(String url) implements Source {
        @Override
        public String toString() {
            return url;
        }
    }

    /** A file in a repository, owner/name, of the Hugging Face hub. */
    record HuggingFace(String repo, String file, String revision) implements Source {
        @Override
        public String toString() {
            return "hf://" + repo + "/" + file + (revision.equals("main") ? "" : "@" + revision);
        }
    }

    /** A file inside a Python package, which only the Python binding unpacks. */
    record PyPI(String packageName, String version) implements Source {
        @Override
        public String toString() {
            return "pypi:" + packageName + "==" + version;
        }
    }
}
