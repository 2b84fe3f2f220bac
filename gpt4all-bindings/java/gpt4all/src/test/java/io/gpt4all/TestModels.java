package io.gpt4all;

import io.gpt4all.types.OpenOptions;
import java.util.function.Consumer;

/** Tiny models for the tests, which compute little and say nothing that makes sense. */
final class TestModels {
    static final Consumer<OpenOptions.Builder> SMALL =
            options -> options.threads(1).threadsBatch(1).nCtx(512).nParallel(4);

    private TestModels() {}

    static Model chat() {
        return Model.open(Corpus.tiny("tiny-llama-f32.gguf"), SMALL);
    }

    /** One whose answers do not end before they are stopped. */
    static Model endless() {
        return Model.open(
                Corpus.tiny("tiny-llama-f32.gguf"),
                options -> options.threads(1).threadsBatch(1).nCtx(4096).nParallel(4));
    }

    /** An answer of endless() that takes long enough to be stopped. */
    static TextStream<ChatResult<Object>> longAnswer(Model endless) {
        return endless.chatStream("Tell", options -> options.maxTokens(3000).ignoreEos(true));
    }

    static Model embedding() {
        return Model.open(
                Corpus.tiny("tiny-bert.gguf"), options -> options.threads(1).threadsBatch(1));
    }
}
