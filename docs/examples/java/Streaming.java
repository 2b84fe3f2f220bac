// The examples of docs/streaming.md in Java.

// example: stream
import io.gpt4all.GPT4All;
// end of example

// example: cancel
import io.gpt4all.CancelledException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
// end of example

// example: events
import io.gpt4all.Event;
// end of example

public class Streaming {
    public static void main(String[] arguments) {
        // example: stream
        var model = GPT4All.load("smollm2");
        var counting = model.chatStream("Count to ten.", options -> options.maxTokens(60));
        for (var piece : counting) {
            System.out.print(piece);
        }
        System.out.println(counting.result().usage()); // of what chat() would have returned
        // end of example

        // example: leaving-early
        try (var stream = model.chatStream("Tell a long story.")) {
            for (var piece : stream) {
                if (stream.text().length() > 100) {
                    break;
                }
            }
            System.out.println(stream.text());
        }
        // end of example

        // example: cancel
        var story = model.chatStream("Tell a long story.");
        CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS).execute(story::cancel);
        try {
            story.forEach(piece -> {});
        } catch (CancelledException error) {
            System.out.println("stopped after " + story.text().lines().findFirst().orElse(""));
        }
        // end of example

        // example: events
        var events = model.chatStream("Say hello.", options -> options.maxTokens(20).returnProgress(true))
                .events();
        while (events.hasNext()) {
            switch (events.next()) {
                case Event.Progress read ->
                    System.out.println("read " + read.progress().processed() + " of " + read.progress().total());
                case Event.Text written -> System.out.print(written.text());
                default -> {}
            }
        }
        // end of example

        // example: close
        model.close();
        // end of example
    }
}
