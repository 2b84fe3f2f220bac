package io.gpt4all.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.DimensionAwareEmbeddingModel;
import dev.langchain4j.model.output.Response;
import io.gpt4all.Embeddings;
import io.gpt4all.Model;
import java.util.List;

/** LangChain4j's embedding model on an open model, which stays the caller's to close. Raises LLModelException. */
public final class GPT4AllEmbeddingModel extends DimensionAwareEmbeddingModel {
    private final Model model;

    /** On a model that embeds. */
    public GPT4AllEmbeddingModel(Model model) {
        this.model = model;
    }

    @Override
    public Response<List<Embedding>> embedAll(List<TextSegment> segments) {
        Embeddings embeddings =
                model.embed(segments.stream().map(TextSegment::text).toList());
        return Response.from(
                embeddings.vectors().stream().map(Embedding::from).toList(),
                Responses.usage(embeddings.raw().usage()));
    }

    @Override
    public String modelName() {
        return model.info().name();
    }
}
