package io.gpt4all.models;

import com.fasterxml.jackson.databind.JsonNode;
import io.gpt4all.Corpus;
import io.gpt4all.internal.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.concurrent.TimeUnit;

/** The server that misbehaves, as a program of its own. */
final class MisbehavingServer {
    private final Process process;
    private final BufferedReader output;
    private final JsonNode places;
    private final int unused;

    MisbehavingServer() throws IOException {
        String script = Corpus.CHECKOUT
                .resolve("gpt4all-bindings/catalogue/misbehaving_server.py")
                .toString();
        process = new ProcessBuilder("python3", script)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        output = process.inputReader();
        places = Json.tree(output.readLine());
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            unused = socket.getLocalPort();
        }
    }

    String url() {
        return places.get("url").asText();
    }

    /** An address with what the places stand for. */
    String filled(String address) {
        return address.replace("${url}", url())
                .replace("${other_url}", places.get("other_url").asText())
                .replace("${nowhere}", "http://127.0.0.1:" + unused);
    }

    /** What a command of the server gives. */
    JsonNode get(String path) throws IOException {
        try (InputStream stream = URI.create(url() + path).toURL().openStream()) {
            return Json.MAPPER.readTree(stream);
        }
    }

    /** Ends it as its README says, and gives its exit code. */
    int stop() throws Exception {
        process.outputWriter().close();
        output.close();
        return process.waitFor(30, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }
}
