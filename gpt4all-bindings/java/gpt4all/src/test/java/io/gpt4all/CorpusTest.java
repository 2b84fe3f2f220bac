package io.gpt4all;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case of the conformance corpus. */
@Execution(ExecutionMode.CONCURRENT)
class CorpusTest {
    private static final Map<String, JsonNode> CASES = Corpus.cases();

    @AfterAll
    static void write() {
        Corpus.Results.write();
    }

    static Stream<String> ids() {
        return CASES.keySet().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ids")
    void aCaseIsAsExpected(String id, @TempDir Path scratch) throws Exception {
        JsonNode given = CASES.get(id);
        Path path = Corpus.model(given.get("model").asText());
        if (path == null) {
            String why = given.get("model").asText() + " is not on this machine";
            Corpus.Results.add(id, Corpus.Results.object().put("skipped", why));
            assumeTrue(false, why);
        }
        ObjectNode found = Corpus.Results.object();
        try (CaseRun run = new CaseRun(given, path, scratch)) {
            found.set("outcomes", run.outcomes);
            int number = 0;
            for (JsonNode step : run.steps) {
                String where = given.get("title").asText() + ": step " + number++ + " ("
                        + step.get("do").asText() + ")";
                try {
                    check(step, run.step(step), run);
                } catch (AssertionError error) {
                    throw new AssertionError(where + ": " + error.getMessage(), error);
                }
            }
        } catch (Throwable error) {
            found.put("failed", String.valueOf(error.getMessage()));
            throw error;
        } finally {
            Corpus.Results.add(id, found);
        }
    }

    private static void check(JsonNode step, JsonNode outcome, CaseRun run) {
        Expectations.checkStatus(step, outcome);
        for (JsonNode expectation : step.path("expect")) {
            Expectations.check(expectation, outcome, run.outcomes);
        }
    }

    @Test
    void thereAreEnoughCases() {
        assertTrue(CASES.size() >= 400, "there are " + CASES.size());
    }
}
