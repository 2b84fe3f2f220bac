// The examples of docs/response-format.md in Java.

// example: first
import io.gpt4all.Description;
import io.gpt4all.GPT4All;
// end of example

// example: limits
import io.gpt4all.JsonSchema;
// end of example

// example: refused
import io.gpt4all.GrammarException;
import java.util.Map;
// end of example

// example: checked
import java.util.List;
// end of example

// example: cut
import io.gpt4all.ResponseFormatException;
// end of example

public class ResponseFormat {
    // example: first
    enum Country {
        FRANCE,
        GERMANY,
        ITALY
    }

    record City(String name, Country country, @Description("How many live there.") int people) {}
    // end of example

    // example: choice
    enum YesOrNo {
        YES,
        NO
    }
    // end of example

    // example: limits
    enum Item {
        APPLES,
        BREAD
    }

    record Shopping(Item item, @JsonSchema("{\"minimum\": 1, \"maximum\": 9}") int count) {}
    // end of example

    public static void main(String[] arguments) {
        // example: first
        var model = GPT4All.load("smollm2");
        var answer = model.chat(
                "Describe Berlin as JSON.", City.class, options -> options.maxTokens(200).temperature(0));
        var city = answer.parsed();
        System.out.println(city.name() + " " + city.country() + " " + city.people());
        // end of example

        // example: choice
        var isIt = model.chat(
                "Is Paris in France? Answer YES or NO.",
                YesOrNo.class,
                options -> options.maxTokens(10).temperature(0));
        System.out.println(isIt.parsed());
        // end of example

        // example: limits
        var order = model.chat(
                        "I want two loaves of bread. As JSON.",
                        Shopping.class,
                        options -> options.maxTokens(60).temperature(0))
                .parsed();
        System.out.println(order.item() + " " + order.count());
        // end of example

        // example: refused
        Map<String, Object> digits = Map.of("type", "string", "pattern", "[0-9]{3}");
        try {
            model.chat("Three digits.", options -> options.jsonSchema(digits));
        } catch (GrammarException error) {
            var detail = error.detail();
            System.out.println(detail.get("keyword") + " " + detail.get("pointer") + " " + error.getMessage());
        }
        // end of example

        // example: checked
        Map<String, Object> luckyDigits = Map.of(
                "type", "array",
                "items", Map.of("enum", List.of(3, 5, 7)),
                "minItems", 2,
                "maxItems", 3,
                "allOf", List.of(
                        Map.of("contains", Map.of("const", 3)), Map.of("contains", Map.of("const", 7))));
        var lucky = model.chat(
                "Two lucky luckyDigits, as JSON.",
                options -> options.jsonSchema(luckyDigits).strict(false).maxTokens(50));
        System.out.println(lucky.text() + " " + lucky.valid() + " " + lucky.invalid());
        // end of example

        // example: cut
        try {
            model.chat("Describe Berlin as JSON.", City.class, options -> options.maxTokens(5))
                    .parsed();
        } catch (ResponseFormatException error) {
            System.out.println(error.getMessage() + " " + error.detail().get("finish_reason"));
        }
        // end of example

        // example: grammar
        var coin = model.chat(
                "Heads or tails?", options -> options.grammar("root ::= \"heads\" | \"tails\"").maxTokens(10));
        System.out.println(coin.text());
        // end of example

        // example: close
        model.close();
        // end of example
    }
}
