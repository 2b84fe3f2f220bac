// The examples of docs/logging.md in Java.

// example: log
import io.gpt4all.GPT4All;
import io.gpt4all.types.LogLevel;
// end of example

public class Logging {
    public static void main(String[] arguments) {
        // example: log
        GPT4All.setLog(LogLevel.INFO, (level, message) -> System.out.println(level + " " + message));

        var model = GPT4All.load("smollm2");
        System.out.println(model.chat("Hello.", options -> options.maxTokens(10)));
        // end of example

        // example: timings
        var timings = model.chat("Hello.", options -> options.maxTokens(10)).timings();
        System.out.println(timings.promptN() + " " + timings.promptPerSecond());
        System.out.println(timings.predictedN() + " " + timings.predictedPerSecond());
        model.close();
        // end of example
    }
}
