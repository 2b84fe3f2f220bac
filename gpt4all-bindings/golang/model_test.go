package gpt4all

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWhatAModelCanBeAsked(t *testing.T) {
	model := tiny(t, WithOptions(OpenOptions{NCtx: Ptr(256)}))
	ctx := t.Context()
	info, err := model.Info(ctx)
	if err != nil || info.Architecture != "llama" || *info.Opened.NCtx != 256 {
		t.Errorf("info: %+v, %v", info.Architecture, err)
	}
	tokens, err := model.Tokenize(ctx, TokenizeRequest{Content: "Hello"})
	if err != nil || len(tokens) == 0 {
		t.Fatalf("tokenize: %v, %v", tokens, err)
	}
	pieces, err := model.TokenizePieces(ctx, TokenizeRequest{Content: "Hello"})
	if err != nil || len(pieces) != len(tokens) || pieces[0].ID != tokens[0] {
		t.Errorf("pieces: %v, %v", pieces, err)
	}
	if text, err := model.Detokenize(ctx, DetokenizeRequest{Tokens: tokens}); err != nil || text != "Hello" {
		t.Errorf("detokenize: %q, %v", text, err)
	}
	if count, err := model.CountTokens(ctx, CountTokensRequest{Prompt: "Hello"}); err != nil || count < len(tokens) {
		t.Errorf("count: %d, %v", count, err)
	}
	prompt, err := model.ApplyTemplate(ctx, ApplyTemplateRequest{Conversation: Ask("Hello").Conversation})
	if err != nil || !strings.Contains(prompt.Prompt, "Hello") {
		t.Errorf("template: %q, %v", prompt.Prompt, err)
	}
	scores, err := model.Score(ctx, ScoreRequest{Context: "a", Continuations: []TextOrTokens{" b", " c d"}})
	if err != nil || len(scores.Continuations) != 2 || scores.Continuations[0].Logprob >= 0 {
		t.Errorf("scores: %+v, %v", scores, err)
	}
	batch, err := model.ScoreBatch(ctx, ScoreBatchRequest{
		Inputs: []ScoreBatchRequestInput{
			{Context: "x", Continuations: []TextOrTokens{" y"}},
			{Context: "a", Continuations: []TextOrTokens{" b", " c d"}},
		},
		LogprobRows: Ptr("continuation"),
	})
	if err != nil || len(batch.Results) != 2 || len(batch.LogprobRows) != len(batch.Rows) {
		t.Errorf("scores of a batch: %+v, %v", batch, err)
	} else if got, want := batch.Results[1], scores.Continuations; math.Abs(got.Continuations[1].Logprob-want[1].Logprob) > 0.1 {
		t.Errorf("scores differ in a batch: %+v, %+v", got, want)
	}
	embeddings, err := model.Embed(ctx, EmbedRequest{Input: []string{"a", "b"}})
	if err != nil || len(embeddings.Vectors) != 2 || len(embeddings.Vectors[1]) != int(embeddings.Dimension) {
		t.Errorf("embed: %v, %v", embeddings, err)
	}
	if adapters, err := model.Adapters(ctx); err != nil || len(adapters) != 0 {
		t.Errorf("adapters: %v, %v", adapters, err)
	}
	if _, err := model.Rerank(ctx, RerankRequest{Query: "a", Documents: []string{"b"}}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("rerank by a model that cannot: %v", err)
	}
	if _, err := model.Infill(ctx, InfillRequest{InputPrefix: "a", InputSuffix: "b"}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("infill by a model that cannot: %v", err)
	}
}

func TestRerank(t *testing.T) {
	requireLibrary(t)
	model, err := Open(t.Context(), filepath.Join(testModels(), "tiny-bert-rerank.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	documents := []string{"first", "second", "third"}
	ranking, err := model.Rerank(t.Context(), RerankRequest{Query: "a question", Documents: documents})
	if err != nil || len(ranking.Results) != 3 {
		t.Fatal(ranking, err)
	}
	for _, each := range ranking.Results {
		if each.Document != documents[each.Index] {
			t.Errorf("%+v", each)
		}
	}
	if !slices.IsSortedFunc(ranking.Results, func(a, b Ranked) int {
		return int(math.Copysign(1, b.RelevanceScore-a.RelevanceScore))
	}) {
		t.Errorf("not the most relevant first: %+v", ranking.Results)
	}
}

func TestWorkWithoutAnOpenModel(t *testing.T) {
	requireLibrary(t)
	ctx, folder := t.Context(), t.TempDir()
	inspected, err := Inspect(ctx, tinyPath())
	if err != nil || inspected.Architecture != "llama" || inspected.Memory.Total == 0 {
		t.Errorf("inspect: %+v, %v", inspected, err)
	}
	last := float32(-1)
	progress := func(fraction float32) bool { last = fraction; return true }
	out := filepath.Join(folder, "q8.gguf")
	quantized, err := Quantize(ctx, tinyPath(), out, QuantizeOptions{Type: "Q8_0"}, progress)
	if err != nil || quantized.OutputBytes >= quantized.InputBytes || last != 1 {
		t.Errorf("quantize: %+v, %v, progress to %v", quantized, err, last)
	}
	matrix, err := Imatrix(ctx, tinyPath(), filepath.Join(folder, "im.gguf"),
		ImatrixOptions{Text: Ptr(strings.Repeat("some words ", 200)), NCtx: Ptr(64)}, nil)
	if err != nil || matrix.Chunks == 0 {
		t.Errorf("imatrix: %+v, %v", matrix, err)
	}
	if _, err := Convert(ctx, tinyPath(), filepath.Join(folder, "c.gguf"), ConvertOptions{}, nil); !errors.Is(
		err, ErrUnsupported) {
		t.Errorf("convert of what is GGUF: %v", err)
	}
	if devices, err := Devices(ctx); err != nil || len(devices.Devices) == 0 {
		t.Errorf("devices: %+v, %v", devices, err)
	}
	if info, err := LibraryInfo(); err != nil || info.ABIVersion != ABIVersion {
		t.Errorf("build info: %+v, %v", info, err)
	}
	if schema, err := Schema(); err != nil || decoded(schema).(dict)["$defs"] == nil {
		t.Errorf("schema: %v", err)
	}
}

func TestProgressMayEndACall(t *testing.T) {
	requireLibrary(t)
	out := filepath.Join(t.TempDir(), "q.gguf")
	stop := func(float32) bool { return false }
	if _, err := Open(t.Context(), tinyPath(), WithProgress(stop)); !errors.Is(err, ErrCancellation) {
		t.Errorf("open: %v", err)
	}
	if _, err := Quantize(t.Context(), tinyPath(), out, QuantizeOptions{Type: "Q8_0"}, stop); !errors.Is(
		err, ErrCancellation) {
		t.Errorf("quantize: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Open(ctx, tinyPath(), WithProgress(func(float32) bool { cancel(); return true }))
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ends while a model opens: %v", err)
	}
	defer func() {
		if recover() != "mine" {
			t.Error("a panic in progress did not come out")
		}
	}()
	_, _ = Open(t.Context(), tinyPath(), WithProgress(func(float32) bool { panic("mine") }))
}

func TestStateIsSavedAndRestored(t *testing.T) {
	model := tiny(t)
	request := CompleteRequest{Prompt: "a few words to remember"}
	request.MaxTokens, request.Temperature, request.IDSlot = Ptr(4), Ptr(0.0), Ptr(0)
	if _, err := model.Complete(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "state")
	saved, err := model.SaveState(t.Context(), path, StateRequest{})
	if err != nil || saved.NTokens == 0 {
		t.Fatal(saved, err)
	}
	restored, err := tiny(t).RestoreState(t.Context(), path, StateRequest{})
	if err != nil || restored.NTokens != saved.NTokens {
		t.Errorf("%+v, %v", restored, err)
	}
}

func TestTheCatalogueAdvisesSampling(t *testing.T) {
	text, err := withAdvice("/any/where/SmolLM2-135M-Instruct-Q4_1.gguf", OpenOptions{NCtx: Ptr(64)})
	advised := decoded([]byte(text)).(dict)
	if err != nil || advised["n_ctx"] != 64.0 || len(advised["catalogue_sampling"].(dict)) == 0 {
		t.Errorf("%s, %v", text, err)
	}
	own := OpenOptions{CatalogueSampling: &SamplingDefaults{}}
	if text, _ := withAdvice("SmolLM2-135M-Instruct-Q4_1.gguf", own); text != `{"catalogue_sampling":{}}` {
		t.Errorf("what the user gives is replaced: %s", text)
	}
	if text, _ := withAdvice("unknown.gguf", OpenOptions{}); text != "{}" {
		t.Errorf("%s", text)
	}
}

func TestMessagesOfTheLibrary(t *testing.T) {
	requireLibrary(t)
	messages := make(chan string, 10_000)
	if err := SetLog(LogLevelDebug, func(_ LogLevel, message string) {
		select {
		case messages <- message:
		default:
		}
	}); err != nil {
		t.Fatal(err)
	}
	tiny(t)
	if err := SetLog(LogLevelNone, nil); err != nil {
		t.Fatal(err)
	}
	if len(messages) == 0 {
		t.Error("opening a model gave no message")
	}
	count := len(messages)
	tiny(t)
	if len(messages) != count {
		t.Error("messages come although nobody wants them")
	}
	if err := SetLog(7, nil); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("of a level that does not exist: %v", err)
	}
}
