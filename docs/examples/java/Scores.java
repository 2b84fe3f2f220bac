// The examples of docs/scores.md in Java.

// example: first
import io.gpt4all.GPT4All;
import java.util.List;
// end of example

// example: rows
import io.gpt4all.types.ScoreRequest;
// end of example

// example: batch
import io.gpt4all.types.ScoreBatchRequest;
import io.gpt4all.types.ScoreBatchRequestInput;
// end of example

// example: logprobs-stream
import io.gpt4all.Event;
// end of example

// example: logprobs
import io.gpt4all.types.TopToken;
// end of example

public class Scores {
    public static void main(String[] arguments) {
        // example: first
        var model = GPT4All.load("smollm2");
        var scores = model.score("The capital of France is", List.of(" Paris.", " Rome.", " cheese."));
        for (var score : scores) {
            System.out.println(score.logprob() + " " + score.greedy() + " " + score.tokens().size());
        }
        // end of example

        // example: perplexity
        var fox = model.score("The quick brown fox", List.of(" jumps over the lazy dog.")).get(0);
        System.out.println(Math.exp(-fox.logprob() / fox.tokens().size()));
        // end of example

        // example: rows
        var sky = model.score(ScoreRequest.builder()
                .context("The sky is")
                .continuations(List.of(" blue"))
                .logprobRows("continuation")
                .build());
        var row = sky.rows().getFirst().logprobs(); // a float[]
        int best = 0;
        for (int token = 0; token < row.length; token++) {
            best = row[token] > row[best] ? token : best;
        }
        System.out.println("\"" + model.detokenize(List.of(best)) + "\" " + row[best]);
        // end of example

        // example: batch
        var inputs = List.of(
                new ScoreBatchRequestInput("The capital of France is", List.of(" Paris.", " Rome.")),
                new ScoreBatchRequestInput(
                        "Water freezes at", List.of(" 0 degrees Celsius.", " 50 degrees Celsius.")));
        var batch = model.scoreBatch(
                ScoreBatchRequest.builder().inputs(inputs).build());
        for (int input = 0; input < inputs.size(); input++) {
            var found = batch.get(input);
            int likeliest = 0;
            for (int index = 0; index < found.scores().size(); index++) {
                likeliest = found.get(index).logprob() > found.get(likeliest).logprob() ? index : likeliest;
            }
            System.out.println(inputs.get(input).context() + " "
                    + inputs.get(input).continuations().get(likeliest));
        }
        // end of example

        // example: logprobs
        var answer = model.chat(
                "Is the sky blue?",
                options -> options.logprobs(true).topLogprobs(3).maxTokens(4).temperature(0));
        for (var token : answer.logprobs().content()) {
            var rivals = token.topLogprobs().stream().map(TopToken::token).toList();
            System.out.println("\"" + token.token() + "\" " + token.logprob() + " " + rivals);
        }
        // end of example

        // example: logprobs-stream
        var events = model.chatStream(
                        "Is the sky blue?",
                        options -> options.logprobs(true).maxTokens(8).temperature(0))
                .events();
        while (events.hasNext()) {
            if (events.next() instanceof Event.TokenLogprobs told) {
                for (var token : told.logprobs().content()) {
                    System.out.printf("\"%s\" %.2f%n", token.token(), token.logprob());
                }
            }
        }
        // end of example

        // example: tokens
        var tokens = model.tokenize("Hello, world.");
        System.out.println(tokens + " " + model.detokenize(tokens) + " " + model.countTokens("Hello, world."));
        model.close();
        // end of example
    }
}
