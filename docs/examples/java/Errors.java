// The example of docs/errors.md in Java.

// example: first
import io.gpt4all.GPT4All;
import io.gpt4all.LLModelException;

public class Errors {
    public static void main(String[] arguments) {
        try {
            GPT4All.load("no-such-model.gguf");
        } catch (LLModelException error) {
            System.out.println(error.getMessage()); // what happened, with which file or value, and what to do
            System.out.println(error.status() + " " + error.detail());
        }
    }
}
// end of example
