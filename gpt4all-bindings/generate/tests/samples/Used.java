import io.gpt4all.types.*;
import java.util.List;
import java.util.Map;

/** Uses the generated types; ends with an exception where they are not as they should be. */
final class Used {
    static String told(Message message) {
        if (message instanceof MessageInput input) {
            return input.role();
        }
        return message instanceof MessageTool tool ? tool.role() + " " + tool.content() : "assistant";
    }

    static void check(boolean right) {
        if (!right) {
            throw new AssertionError();
        }
    }

    public static void main(String[] arguments) throws ReflectiveOperationException {
        Message question = MessageInput.builder().role("user").content("Hello").build();
        Message answer = MessageTool.builder().content("42").toolCallId("1").build();
        ResponseFormat format = ResponseFormatJsonObject.builder().schema(Map.of()).build();
        ChatRequest request = ChatRequest.builder()
                .messages(List.of(question, answer)).temperature(0).seed(4294967295L).responseFormat(format).build();
        check(request.messages().size() == 2 && request.topK() == null && request.temperature() == 0.0);
        check(told(question).equals("user") && told(answer).equals("tool 42"));
        check(new Usage(1, null, 2, null).completionTokens() == null);
        check(Status.NOT_FOUND.value() == 3 && EventKind.DONE.value() == 9 && Abi.VERSION == 1);
        check(KvCacheType.IQ4_NL.value().equals("iq4_nl") && Operation.APPLY_TEMPLATE.value().equals("apply_template"));
        check(ChatRequest.class.getMethod("topK").getAnnotation(JsonName.class).value().equals("top_k"));
        check(MessageTool.class.getMethod("role").getAnnotation(JsonName.class).value().equals("role"));
        try {
            ChatRequest.builder().temperature(1.0).build();
            check(false);
        } catch (IllegalStateException error) {
            check(error.getMessage().equals("ChatRequest needs messages"));
        }
        System.out.println("right");
    }
}
