package io.gpt4all.langchain4j;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.scoring.ScoringModel;
import io.gpt4all.Model;
import io.gpt4all.Ranking;
import java.util.Arrays;
import java.util.List;

/** LangChain4j's scoring model on an open reranker, which stays the caller's to close. Raises LLModelException. */
public final class GPT4AllScoringModel implements ScoringModel {
    private final Model model;

    /** On a reranker. */
    public GPT4AllScoringModel(Model model) {
        this.model = model;
    }

    @Override
    public Response<List<Double>> scoreAll(List<TextSegment> segments, String query) {
        Ranking ranking =
                model.rerank(query, segments.stream().map(TextSegment::text).toList());
        Double[] scores = new Double[segments.size()];
        ranking.forEach(each -> scores[each.index()] = each.relevanceScore());
        return Response.from(
                Arrays.asList(scores), Responses.usage(ranking.raw().usage()));
    }
}
