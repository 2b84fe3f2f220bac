import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.Model;
import io.gpt4all.TextStream;
import io.gpt4all.internal.NativeModel;
import io.gpt4all.types.ChatRequest;
import io.gpt4all.types.MessageInput;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/**
 * Streams of one open model, read by a loop in C, by platform threads and by virtual threads of Java, in turn: what
 * worker_streams.py does for Python.
 *
 * <p>java --class-path JARS WorkerStreams.java LIBRARY REPEATS PLAN.json
 */
public final class WorkerStreams {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WARM_UPS = 4;

    private WorkerStreams() {}

    /** A way to answer requests at once; gives pieces per second while all answers are being written. */
    private interface Way {
        double rate(JsonNode requests) throws Throwable;
    }

    private static ChatRequest request(JsonNode given) {
        ChatRequest.Builder request = ChatRequest.builder();
        List<io.gpt4all.types.Message> messages = new ArrayList<>();
        given.get("messages")
                .forEach(each -> messages.add(MessageInput.builder()
                        .role(each.get("role").asText())
                        .content(each.get("content").asText())
                        .build()));
        return request.messages(messages)
                .maxTokens(given.get("max_tokens").asInt())
                .temperature(given.get("temperature").asDouble())
                .ignoreEos(given.get("ignore_eos").asBoolean())
                .cachePrompt(given.get("cache_prompt").asBoolean())
                .build();
    }

    private static double inJava(Model model, JsonNode requests, Supplier<ExecutorService> threads) throws Exception {
        List<long[]> moments = new ArrayList<>();
        try (ExecutorService pool = threads.get()) {
            List<Future<long[]>> answers = new ArrayList<>();
            for (JsonNode given : requests) {
                ChatRequest request = request(given);
                answers.add(pool.submit(() -> {
                    List<Long> seen = new ArrayList<>();
                    try (TextStream<?> stream = model.chatStream(request)) {
                        while (stream.hasNext()) {
                            stream.next();
                            seen.add(System.nanoTime());
                        }
                    }
                    return seen.stream().mapToLong(Long::longValue).toArray();
                }));
            }
            for (Future<long[]> answer : answers) {
                moments.add(answer.get());
            }
        }
        long begin = moments.stream().mapToLong(each -> each[0]).max().orElseThrow();
        long end = moments.stream().mapToLong(each -> each[each.length - 1]).min().orElseThrow();
        if (begin >= end) {
            throw new IllegalStateException("one stream had ended before another began");
        }
        long pieces = 0;
        for (long[] each : moments) {
            for (long moment : each) {
                pieces += begin < moment && moment <= end ? 1 : 0;
            }
        }
        return pieces * 1e9 / (end - begin);
    }

    private static Way inC(Model model, Path library) throws ReflectiveOperationException {
        Field field = Model.class.getDeclaredField("model");
        field.setAccessible(true);
        MemorySegment handle = ((NativeModel) field.get(model)).handle();
        MethodHandle loop = Linker.nativeLinker()
                .downcallHandle(
                        SymbolLookup.libraryLookup(library, Arena.global())
                                .find("bench_streams")
                                .orElseThrow(),
                        FunctionDescriptor.of(ValueLayout.JAVA_DOUBLE, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
        return requests -> {
            try (Arena arena = Arena.ofConfined()) {
                double rate = (double) loop.invokeExact(handle, arena.allocateFrom(requests.toString()));
                if (rate < 0) {
                    throw new IllegalStateException("the loop in C failed");
                }
                return rate;
            }
        };
    }

    /** Opens the model and runs the plan. */
    public static void main(String[] arguments) throws Throwable {
        int repeats = Integer.parseInt(arguments[1]);
        JsonNode plan = JSON.readTree(Path.of(arguments[2]).toFile());
        JsonNode options = plan.get("options");
        ObjectNode result = JSON.createObjectNode();
        ArrayNode steps = result.putArray("steps");
        Path path = Path.of(plan.get("model").asText());
        try (Model model = Model.open(path, builder -> builder.nCtx(options.get("n_ctx").asInt())
                .nBatch(options.get("n_batch").asInt())
                .nUbatch(options.get("n_ubatch").asInt())
                .nParallel(options.get("n_parallel").asInt())
                .threads(options.get("threads").asInt())
                .flashAttn(options.get("flash_attn").asText()))) {
            System.out.println("ready");
            Map<String, Way> ways = new LinkedHashMap<>();
            ways.put("c", inC(model, Path.of(arguments[0])));
            ways.put("threads", requests -> inJava(model, requests, Executors::newCachedThreadPool));
            ways.put("virtual", requests -> inJava(model, requests, Executors::newVirtualThreadPerTaskExecutor));
            for (JsonNode requests : plan.get("steps")) {
                ObjectNode rates = steps.addObject();
                List<String> names = new ArrayList<>(ways.keySet());
                for (String name : names) {
                    for (int warm = 0; warm < WARM_UPS; warm++) { // what Java compiles while it runs, it compiles now
                        ways.get(name).rate(requests);
                    }
                    rates.putArray(name);
                }
                for (int number = 0; number < repeats; number++) {
                    for (int turn = 0; turn < names.size(); turn++) {
                        String name = names.get((number + turn) % names.size());
                        ((ArrayNode) rates.get(name)).add(ways.get(name).rate(requests));
                    }
                }
            }
        }
        System.out.println(result);
    }
}
