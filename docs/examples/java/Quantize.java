// The example of docs/quantize.md in Java.

// example: imatrix
import io.gpt4all.GPT4All;
import io.gpt4all.models.Models;
import java.nio.file.Path;
// end of example

public class Quantize {
    public static void main(String[] arguments) {
        // example: imatrix
        var path = Models.resolve("smollm2");
        var matrix = Path.of("imatrix.gguf");
        var text =
                "Bread needs flour, water, salt and time. Knead it well, and let it rise until it has doubled. ".repeat(20);
        var made = GPT4All.imatrix(path, matrix, options -> options.text(text).nCtx(128).chunks(2), null);
        System.out.println(made.weights() + " weights, " + made.tokens() + " tokens");
        GPT4All.quantize(
                path,
                Path.of("small.gguf"),
                options -> options.type("Q2_K_S").imatrix("imatrix.gguf").allowRequantize(true),
                null);
        // end of example
    }
}
