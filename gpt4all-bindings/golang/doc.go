// Package gpt4all runs language models on your own machine: chat, tools, completion, embeddings, reranking and scores.
//
//	model, err := gpt4all.Load(ctx, "SmolLM2-135M-Instruct-Q4_1.gguf")
//	if err != nil {
//		return err
//	}
//	defer model.Close()
//	for piece, err := range model.ChatStream(ctx, gpt4all.Ask("Why is the sky blue?")).Text() {
//		if err != nil {
//			return err
//		}
//		fmt.Print(piece)
//	}
//
// It is thin over libllmodel, one library that all languages share. The library is opened at run time; [LibraryPaths]
// says where it is looked for, and [InstallLibrary] fetches it.
//
// Any number of goroutines may use one [Model] at once: their requests run together. Every method takes a context
// first, and what it has started ends within one batch after the context is done; only [Model.SaveState] and
// [Model.RestoreState] go on to their end. Every failure is an [*Error] that says what happened and what to do;
// errors.Is knows its kind:
//
//	if errors.Is(err, gpt4all.ErrModelNotFound) { … }
//
// Nothing is printed; [SetLog] gives the library's messages.
package gpt4all
