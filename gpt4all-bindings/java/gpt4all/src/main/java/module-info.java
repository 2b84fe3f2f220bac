/** Runs language models on your own machine. */
module io.gpt4all {
    requires com.fasterxml.jackson.databind;
    requires java.net.http;

    exports io.gpt4all;
    exports io.gpt4all.models;
    exports io.gpt4all.types;

    opens io.gpt4all.types to
            com.fasterxml.jackson.databind;
}
