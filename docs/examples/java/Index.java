// The example of docs/index.md in Java.

// example: first
import io.gpt4all.GPT4All;

public class Index {
    public static void main(String[] arguments) {
        try (var model = GPT4All.load("smollm2");
                var answer = model.chatStream("Why is the sky blue?")) {
            for (var piece : answer) {
                System.out.print(piece);
            }
        }
    }
}
// end of example
