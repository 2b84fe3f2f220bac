import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Usage: java LangChain4j.java ADDRESS MODEL TOOL_MODEL EMBEDDING_MODEL. Prints what it was answered, a line each. */
public class LangChain4j {
  static final JsonObjectSchema CITY = JsonObjectSchema.builder()
      .addEnumProperty("city", List.of("Paris", "Rome"))
      .required("city")
      .additionalProperties(false)
      .build();

  public static void main(String[] arguments) throws Exception {
    String url = arguments[0] + "/v1";
    OpenAiChatModel model = chat(url, arguments[1], 5);
    String whole = model.chat("Hello");
    tell("whole", whole);
    tell("streamed", streamed(url, arguments[1]));

    ToolSpecification weather = ToolSpecification.builder()
        .name("weather")
        .description("The weather of a city.")
        .parameters(CITY)
        .build();
    ChatResponse called = chat(url, arguments[2], 400).chat(ChatRequest.builder()
        .messages(UserMessage.from("What is the weather in Rome?"))
        .toolSpecifications(weather)
        .toolChoice(ToolChoice.REQUIRED)
        .build());
    tell("called", called.aiMessage().toolExecutionRequests().get(0).name());
    tell("arguments", called.aiMessage().toolExecutionRequests().get(0).arguments());

    ResponseFormat form = ResponseFormat.builder()
        .type(ResponseFormatType.JSON)
        .jsonSchema(JsonSchema.builder().name("city").rootElement(CITY).build())
        .build();
    ChatResponse formed = chat(url, arguments[1], 100).chat(ChatRequest.builder()
        .messages(UserMessage.from("Which city?"))
        .responseFormat(form)
        .build());
    tell("formed", formed.aiMessage().text());
    tell("tokens", formed.tokenUsage().totalTokenCount());

    OpenAiEmbeddingModel vectors =
        OpenAiEmbeddingModel.builder().baseUrl(url).apiKey("none").modelName(arguments[3]).build();
    tell("vectors", vectors.embedAll(List.of(TextSegment.from("a"), TextSegment.from("b"))).content().size());
    try {
      chat(url, "nobody", 5).chat("Hello");
    } catch (ModelNotFoundException error) {
      tell("error", error.getMessage());
    }
  }

  static OpenAiChatModel chat(String url, String model, int tokens) {
    return OpenAiChatModel.builder()
        .baseUrl(url)
        .apiKey("none")
        .modelName(model)
        .maxTokens(tokens)
        .temperature(0.0)
        .maxRetries(0)
        .build();
  }

  static String streamed(String url, String model) throws Exception {
    StringBuilder text = new StringBuilder();
    CompletableFuture<String> ended = new CompletableFuture<>();
    OpenAiStreamingChatModel streaming = OpenAiStreamingChatModel.builder()
        .baseUrl(url)
        .apiKey("none")
        .modelName(model)
        .maxTokens(5)
        .temperature(0.0)
        .build();
    streaming.chat("Hello", new StreamingChatResponseHandler() {
      @Override
      public void onPartialResponse(String piece) {
        text.append(piece);
      }

      @Override
      public void onCompleteResponse(ChatResponse response) {
        ended.complete(response.aiMessage().text());
      }

      @Override
      public void onError(Throwable error) {
        ended.completeExceptionally(error);
      }
    });
    String whole = ended.get(60, TimeUnit.SECONDS);
    return whole.contentEquals(text) ? whole : "its pieces are " + text + ", but it is " + whole;
  }

  static void tell(String name, Object value) {
    System.out.println(name + "\t" + value.toString().replace('\n', ' '));
  }
}
