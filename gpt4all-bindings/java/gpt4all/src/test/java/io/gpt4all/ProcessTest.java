package io.gpt4all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** How whole programs end, and how much memory they take. Nothing may be on stderr. */
@Timeout(600)
class ProcessTest {
    private static final long MOST_GROWTH = 24 << 10; // KiB: a leak of one model, or of 20 KiB for each answer, is more

    private static final String DENIED = "--illegal-native-access=deny";

    @TempDir
    private Path folder;

    private static Path place(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
    }

    /** What a program printed, after it has ended well. */
    private String run(List<String> javaOptions, String... arguments) throws IOException, InterruptedException {
        Path built = Corpus.CHECKOUT.resolve("build/java/gpt4all");
        List<Path> classes = List.of(
                built.resolve("classes"),
                built.resolve("test-classes"),
                place(JsonMapper.class),
                place(JsonFactory.class),
                place(JsonInclude.class));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:ErrorFile=" + folder.resolve("crash"));
        if (!javaOptions.contains(DENIED)) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(javaOptions);
        command.addAll(List.of(
                "-cp",
                String.join(
                        File.pathSeparator, classes.stream().map(Path::toString).toList()),
                Programs.class.getName()));
        command.addAll(List.of(arguments));
        Path out = folder.resolve("out");
        Path errors = folder.resolve("errors");
        Process process = new ProcessBuilder(command)
                .directory(Corpus.CHECKOUT.toFile())
                .redirectOutput(out.toFile())
                .redirectError(errors.toFile())
                .start();
        try {
            assertTrue(process.waitFor(500, TimeUnit.SECONDS), "it does not end");
        } finally {
            process.destroyForcibly();
        }
        assertEquals("", Files.readString(errors));
        assertEquals(0, process.exitValue());
        String printed = Files.readString(out);
        assertTrue(printed.endsWith("done\n"), printed);
        return printed;
    }

    private static long number(String printed, String name) {
        return printed.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aProgramMayEndWithAStreamOpen() throws Exception {
        run(List.of(), "ends-with-a-stream-open");
    }

    @Test
    void aProgramMayExitWhileThreadsWait() throws Exception {
        run(List.of(), "exits-while-threads-wait");
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24) // which knows the option
    void theErrorSaysHowToAllowNativeAccess() throws Exception {
        String printed = run(List.of(DENIED), "denied");
        assertTrue(printed.contains("start Java with --enable-native-access=ALL-UNNAMED"), printed);
    }

    @Test
    void everythingMayBeForgottenInAnyOrder() throws Exception {
        run(List.of("-Xmx64m"), "forgets-everything");
    }

    @Test
    void virtualThreadsLeaveTheirCarrierToOthers() throws Exception {
        List<String> one =
                List.of("-Djdk.virtualThreadScheduler.parallelism=1", "-Djdk.virtualThreadScheduler.maxPoolSize=1");
        assertEquals(100, number(run(one, "virtual-threads"), "ticks"));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void memoryStaysTheSameOverModels() throws Exception {
        long grown = number(run(leakOptions(), "open-and-close", "200"), "grown");
        assertTrue(grown < MOST_GROWTH, grown + " KiB");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void memoryStaysTheSameOverAnswers() throws Exception {
        long grown = number(run(leakOptions(), "generate", "2000"), "grown");
        assertTrue(grown < MOST_GROWTH, grown + " KiB");
    }

    // A heap that is all there from the beginning, so that only what is outside of it can grow.
    private static List<String> leakOptions() {
        return List.of("-Xms48m", "-Xmx48m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
    }
}
