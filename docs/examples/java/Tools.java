// The examples of docs/tools.md in Java.

// example: first
import io.gpt4all.Description;
import io.gpt4all.GPT4All;
import io.gpt4all.NotRequired;
import io.gpt4all.Tool;
import java.util.List;
import java.util.Map;
// end of example

// example: yourself
import io.gpt4all.Messages;
import io.gpt4all.types.ChatRequest;
import io.gpt4all.types.Message;
import java.util.ArrayList;
// end of example

public class Tools {
    // example: first
    enum City {
        PARIS,
        ROME
    }

    enum Unit {
        CELSIUS,
        FAHRENHEIT
    }

    record Asked(
            @Description("Where.") City city, @NotRequired @Description("Of the temperature.") Unit unit) {
        Asked {
            unit = unit == null ? Unit.CELSIUS : unit;
        }
    }

    static Map<String, Object> today(Asked asked) {
        return Map.of("city", asked.city(), "temperature", 21, "unit", asked.unit());
    }
    // end of example

    public static void main(String[] arguments) throws Exception {
        // example: first
        var weather = Tool.of("weather", "The weather of today.", Asked.class, Tools::today);

        var model = GPT4All.load("qwen3-0.6b"); // one that was trained to call tools
        var result = model.runTools(
                "Do I need a coat in Paris?", List.of(weather), options -> options.maxTokens(300));
        System.out.println(result.text());
        for (var call : result.calls()) {
            System.out.println(call.name() + " " + call.arguments() + " " + call.value());
        }
        // end of example

        // example: described
        var forecast = Tool.of("forecast", "Tomorrow's weather.", Asked.class, Tools::today);
        System.out.println(forecast.definition());
        // end of example

        // example: yourself
        List<Message> messages = new ArrayList<>();
        messages.add(Messages.user("How warm is Rome?"));
        var answer = model.chat(ChatRequest.builder()
                .messages(messages)
                .tools(List.of(weather.definition()))
                .toolChoice("required")
                .parallelToolCalls(false)
                .temperature(0)
                .maxTokens(200)
                .build());
        System.out.println(answer.finishReason());

        var call = answer.toolCalls().getFirst();
        var value = weather.call((String) call.function().arguments());
        messages.add(Messages.assistant(answer));
        messages.add(Messages.tool(call.id(), String.valueOf(value)));
        System.out.println(model.chat(ChatRequest.builder()
                .messages(messages)
                .tools(List.of(weather.definition()))
                .toolChoice("none")
                .maxTokens(60)
                .build()));
        // end of example

        // example: close
        model.close();
        // end of example
    }
}
