package io.gpt4all;

import static io.gpt4all.TestModels.longAnswer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Programs that the tests start, each in a Java of its own. */
final class Programs {
    private Programs() {}

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "ends-with-a-stream-open" -> streamOpen();
            case "exits-while-threads-wait" -> exitWhileWaiting();
            case "forgets-everything" -> forget();
            case "virtual-threads" -> virtualThreads();
            case "denied" -> denied();
            case "open-and-close" -> openAndClose(Integer.parseInt(arguments[1]));
            case "generate" -> generate(Integer.parseInt(arguments[1]));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        System.out.println("done");
    }

    private static void denied() {
        try {
            GPT4All.buildInfo();
        } catch (LibraryNotFoundException error) {
            System.out.println(error.getMessage());
        }
    }

    private static void streamOpen() {
        Model model = TestModels.endless();
        longAnswer(model).next();
    }

    private static void exitWhileWaiting() throws InterruptedException {
        Model model = TestModels.endless();
        CountDownLatch begun = new CountDownLatch(4);
        for (int number = 0; number < 4; number++) {
            Thread.Builder builder = number % 2 == 0 ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
            builder.start(() -> {
                TextStream<ChatResult<Object>> stream = longAnswer(model);
                stream.next();
                begun.countDown();
                try {
                    stream.result();
                } catch (CancelledException error) {
                    // the exit closes the model
                }
            });
        }
        begun.await();
        System.out.println("done");
        System.exit(0);
    }

    private static void forget() throws InterruptedException {
        for (int round = 0; round < 20; round++) {
            Model model = TestModels.endless();
            longAnswer(model).next();
            model.submit("tokenize", java.util.Map.of("content", "a"));
            if (round % 3 == 0) {
                model.close();
            }
            model = null;
            System.gc();
            Thread.sleep(5);
        }
    }

    /** With one carrier thread: if a wait held on to it, nobody else would get on. */
    private static void virtualThreads() throws InterruptedException {
        try (Model model = TestModels.endless()) {
            CountDownLatch begun = new CountDownLatch(4);
            List<TextStream<ChatResult<Object>>> streams = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int number = 0; number < 4; number++) {
                TextStream<ChatResult<Object>> stream = longAnswer(model);
                streams.add(stream);
                threads.add(Thread.ofVirtual().start(() -> {
                    begun.countDown();
                    try {
                        stream.result();
                    } catch (CancelledException error) {
                        // as it should be
                    }
                }));
            }
            begun.await();
            long[] ticks = {0};
            Thread ticking = Thread.ofVirtual().start(() -> {
                for (int tick = 0; tick < 100; tick++) {
                    ticks[0]++;
                    Thread.yield();
                }
            });
            ticking.join(60_000);
            System.out.println("ticks " + ticks[0]);
            streams.forEach(TextStream::cancel);
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    private static void openAndClose(int times) throws IOException {
        long before = 0;
        for (int time = 0; time < times; time++) {
            if (time == times / 4) {
                before = resident();
            }
            try (Model model = TestModels.chat()) {
                model.tokenize("a");
            }
        }
        System.out.println("grown " + (resident() - before));
    }

    private static void generate(int times) throws IOException {
        long before = 0;
        try (Model model = TestModels.chat()) {
            for (int time = 0; time < times; time++) {
                if (time == times / 4) {
                    before = resident();
                }
                if (time % 2 == 0) {
                    model.chat("Hi", options -> options.maxTokens(3));
                } else {
                    try (var stream = model.chatStream("Hi", options -> options.maxTokens(3))) {
                        stream.next();
                    }
                }
            }
        }
        System.out.println("grown " + (resident() - before));
    }

    /** KiB of memory that the process has, with nothing left for the garbage collector. */
    private static long resident() throws IOException {
        System.gc();
        System.gc();
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IllegalStateException("this system does not say how much memory a process has");
    }
}
