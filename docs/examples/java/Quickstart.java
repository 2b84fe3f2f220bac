// The examples of docs/quickstart.md in Java.

// example: first
import io.gpt4all.GPT4All;
// end of example

// example: messages
import io.gpt4all.Messages;
import io.gpt4all.types.ChatRequest;
import java.util.List;
// end of example

// example: misspelt
import io.gpt4all.InvalidArgumentException;
// end of example

// example: session
import io.gpt4all.Session;
// end of example

public class Quickstart {
    public static void main(String[] arguments) {
        // example: first
        var model = GPT4All.load("smollm2"); // which `gpt4all pull smollm2` has put into the cache
        var answer = model.chat("Name three primary colours.", options -> options.maxTokens(60).temperature(0));
        System.out.println(answer.text());
        // end of example

        // example: messages
        answer = model.chat(ChatRequest.builder()
                .messages(List.of(Messages.system("Be brief."), Messages.user("Name a colour.")))
                .temperature(0.2)
                .maxTokens(32)
                .stop(List.of("\n"))
                .build());
        System.out.println(answer.text() + " " + answer.finishReason() + " " + answer.usage().completionTokens());
        // end of example

        // example: misspelt
        try {
            model.chat("Hello.", options -> options.temperature(-0.2));
        } catch (InvalidArgumentException error) {
            System.out.println(error.getMessage()); // names the option, and what it may be
        }
        // end of example

        // example: stream
        for (var piece : model.chatStream("Count to five.", options -> options.maxTokens(40))) {
            System.out.print(piece);
        }
        // end of example

        // example: session
        var session = new Session(model, "Be brief.").options(options -> options.maxTokens(60));
        System.out.println(session.chat("What is the capital of France?"));
        System.out.println(session.chat("How many people live there?"));
        // end of example

        // example: close
        model.close();
        // end of example
    }
}
