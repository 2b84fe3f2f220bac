package gpt4all

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
)

func sortedKeys[V any](values map[int]V) []int { return slices.Sorted(maps.Keys(values)) }

// ask is the run that is one request, whose answer is built of the result's JSON and the float32 events in their order.
func ask[R any](
	m *Model, operation Operation, request any, build func(json.RawMessage, [][]float32) (R, error),
) run[R] {
	return func(ctx context.Context, give func(Event) bool) (result R, err error) {
		task, err := m.Submit(ctx, operation, request)
		if err != nil {
			return result, err
		}
		defer task.Close()
		for !task.done {
			event, err := task.Next()
			if err != nil {
				return result, err
			}
			if !give(event) && !task.done {
				return result, leftEarly()
			}
		}
		return build(task.answer, task.Floats())
	}
}

// plain reads a result that has nothing but JSON.
func plain[R any](text json.RawMessage, _ [][]float32) (R, error) { return read[R](text, nil) }

// Chat answers a conversation: OpenAI's chat messages. [Ask] makes a request of a text.
func (m *Model) Chat(ctx context.Context, request ChatRequest) (ChatResult, error) {
	request.Stream = Ptr(false)
	return finish(ctx, ask(m, OperationChat, request, plain[ChatResult]))
}

// ChatStream is Chat, with the answer as it is written.
func (m *Model) ChatStream(ctx context.Context, request ChatRequest) *Stream[ChatResult] {
	request.Stream = Ptr(true)
	return newStream(ctx, ask(m, OperationChat, request, plain[ChatResult]))
}

// Complete continues a prompt as it stands, without a chat template.
func (m *Model) Complete(ctx context.Context, request CompleteRequest) (CompleteResult, error) {
	request.Stream = Ptr(false)
	return finish(ctx, ask(m, OperationComplete, request, plain[CompleteResult]))
}

// CompleteStream is Complete, with the text as it is written.
func (m *Model) CompleteStream(ctx context.Context, request CompleteRequest) *Stream[CompleteResult] {
	request.Stream = Ptr(true)
	return newStream(ctx, ask(m, OperationComplete, request, plain[CompleteResult]))
}

// Infill fills the gap between two texts. Fails with [ErrUnsupported] for a model not trained to do so.
func (m *Model) Infill(ctx context.Context, request InfillRequest) (InfillResult, error) {
	request.Stream = Ptr(false)
	return finish(ctx, ask(m, OperationInfill, request, plain[InfillResult]))
}

// InfillStream is Infill, with the text as it is written.
func (m *Model) InfillStream(ctx context.Context, request InfillRequest) *Stream[InfillResult] {
	request.Stream = Ptr(true)
	return newStream(ctx, ask(m, OperationInfill, request, plain[InfillResult]))
}

// Embed gives one vector for each text or list of token ids.
func (m *Model) Embed(ctx context.Context, request EmbedRequest) (Embeddings, error) {
	return finish(ctx, ask(m, OperationEmbed, request,
		func(text json.RawMessage, vectors [][]float32) (Embeddings, error) {
			result, err := read[EmbedResult](text, nil)
			return Embeddings{result, vectors}, err
		}))
}

// Rerank orders documents by their relevance to a query. Fails with [ErrUnsupported] unless the model is a reranker.
func (m *Model) Rerank(ctx context.Context, request RerankRequest) (Ranking, error) {
	return finish(ctx, ask(m, OperationRerank, request, func(text json.RawMessage, _ [][]float32) (Ranking, error) {
		result, err := read[RerankResult](text, nil)
		ranking := Ranking{Usage: result.Usage}
		for _, each := range result.Results {
			document := request.Documents[each.Index]
			ranking.Results = append(ranking.Results, Ranked{int(each.Index), each.RelevanceScore, document})
		}
		return ranking, err
	}))
}

// Score tells how likely each continuation is after a context.
func (m *Model) Score(ctx context.Context, request ScoreRequest) (Scores, error) {
	return finish(ctx, ask(m, OperationScore, request, func(text json.RawMessage, rows [][]float32) (Scores, error) {
		result, err := read[ScoreResult](text, nil)
		return Scores{result, rows}, err
	}))
}

// ScoreBatch is Score for many contexts and their continuations, which share batches: by far the fastest way. The order
// does not matter, and what some have in common is computed once.
func (m *Model) ScoreBatch(ctx context.Context, request ScoreBatchRequest) (BatchScores, error) {
	build := func(text json.RawMessage, rows [][]float32) (BatchScores, error) {
		result, err := read[ScoreBatchResult](text, nil)
		return BatchScores{result, rows}, err
	}
	return finish(ctx, ask(m, OperationScoreBatch, request, build))
}

// Tokenize gives a text's token ids, without the special ones at its beginning and end unless AddSpecial says so.
func (m *Model) Tokenize(ctx context.Context, request TokenizeRequest) (TokenIDs, error) {
	request.WithPieces = nil
	result, err := finish(ctx, ask(m, OperationTokenize, request, plain[TokenizeResult]))
	if err != nil {
		return nil, err
	}
	return read[TokenIDs](result.Tokens, nil)
}

// TokenizePieces gives a text's tokens with the text that each stands for: a string, or bytes where it is no UTF-8.
func (m *Model) TokenizePieces(ctx context.Context, request TokenizeRequest) ([]TokenizeResultToken, error) {
	request.WithPieces = Ptr(true)
	result, err := finish(ctx, ask(m, OperationTokenize, request, plain[TokenizeResult]))
	if err != nil {
		return nil, err
	}
	return read[[]TokenizeResultToken](result.Tokens, nil)
}

// Detokenize gives the text of token ids.
func (m *Model) Detokenize(ctx context.Context, request DetokenizeRequest) (string, error) {
	result, err := finish(ctx, ask(m, OperationDetokenize, request, plain[DetokenizeResult]))
	return result.Content, err
}

// ApplyTemplate gives the prompt that Chat would pass to the model for these messages.
func (m *Model) ApplyTemplate(ctx context.Context, request ApplyTemplateRequest) (ApplyTemplateResult, error) {
	return finish(ctx, ask(m, OperationApplyTemplate, request, plain[ApplyTemplateResult]))
}

// CountTokens tells how many tokens a prompt for Complete, or the messages for Chat, have.
func (m *Model) CountTokens(ctx context.Context, request CountTokensRequest) (int, error) {
	result, err := finish(ctx, ask(m, OperationCountTokens, request, plain[CountTokensResult]))
	return int(result.InputTokens), err
}

// Adapters lists the LoRA adapters that the model was opened with. scales, if any are given, first sets the scales for
// all requests that do not set their own.
func (m *Model) Adapters(ctx context.Context, scales ...LoraScale) ([]AdaptersResultAdapter, error) {
	result, err := finish(ctx, ask(m, OperationAdapters, AdaptersRequest{Lora: scales}, plain[AdaptersResult]))
	return result.Adapters, err
}
