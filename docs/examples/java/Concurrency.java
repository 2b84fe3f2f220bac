// The examples of docs/concurrency.md in Java.

// example: many
import io.gpt4all.GPT4All;
import java.util.List;
import java.util.concurrent.Executors;
// end of example

// example: asynchronous
import io.gpt4all.Session;
// end of example

// example: time-limit
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
// end of example

public class Concurrency {
    public static void main(String[] arguments) throws Exception {
        // example: many
        var questions = List.of("Why is the sky blue?", "Why is grass green?", "Why is snow white?");
        var model = GPT4All.load("smollm2", options -> options.nCtx(4096).nParallel(8));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var answers = questions.stream()
                    .map(question -> threads.submit(() -> model.chat(question, options -> options.maxTokens(30))))
                    .toList();
            for (var answer : answers) {
                System.out.println(answer.get());
            }
        }
        // end of example

        // example: full
        try (var small = GPT4All.load("smollm2", options -> options.nCtx(256).nParallel(3));
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var stories = List.of("cat", "dog", "fox").stream()
                    .map(who -> threads.submit(() -> small.chat(
                            "Tell me of a " + who + ".",
                            options -> options.maxTokens(150).ignoreEos(true))))
                    .toList();
            for (var story : stories) {
                System.out.println(story.get().finishReason()); // "length", each of 150 tokens
            }
        }
        // end of example

        // example: asynchronous
        var asked = questions.stream()
                .map(question -> model.chatAsync(question, options -> options.maxTokens(30)))
                .toList();

        var stream = model.chatStream("Count to ten.", options -> options.maxTokens(40));
        for (var piece : stream) {
            System.out.print(piece);
        }
        System.out.println(stream.result().usage());

        for (var answer : asked) { // which were written at the same time
            System.out.println(answer.join());
        }
        var session = new Session(model).options(options -> options.maxTokens(40));
        System.out.println(session.chat("Hello."));
        // end of example

        // example: time-limit
        try {
            model.chatAsync("Tell a very long story.")
                    .orTimeout(500, TimeUnit.MILLISECONDS)
                    .join();
        } catch (CompletionException error) {
            System.out.println("too long: " + error.getCause());
        }

        model.close();
        // end of example
    }
}
