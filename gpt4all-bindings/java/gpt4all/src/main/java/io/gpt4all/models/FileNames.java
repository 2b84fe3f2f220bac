package io.gpt4all.models;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Names that every file system takes and that stay in their folder. */
final class FileNames {
    private static final int LONGEST = 200; // bytes: file systems take 255, and partial files add to the name

    // Names that are devices on Windows, with any extension.
    private static final Pattern DEVICES = Pattern.compile(
            "(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\\$|conout\\$)(\\..*)?",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    private static final Pattern FORBIDDEN = Pattern.compile("[\\x00-\\x1f\\x7f/\\\\:*?\"<>|]");

    private static final Pattern SPLIT = Pattern.compile("-(\\d{5})-of-(\\d{5})\\.gguf$");

    private FileNames() {}

    /** The names of all files of a model that is split over several, in order; otherwise just this one. */
    static List<String> split(String name) {
        Matcher found = SPLIT.matcher(name);
        if (!found.find()) {
            return List.of(name);
        }
        int number = Integer.parseInt(found.group(1));
        int count = Integer.parseInt(found.group(2));
        if (number < 1 || number > count || count > 1000) {
            return List.of(name);
        }
        String stem = name.substring(0, found.start());
        return IntStream.rangeClosed(1, count)
                .mapToObj(part -> stem + "-%05d-of-%05d.gguf".formatted(part, count))
                .toList();
    }

    /** The name itself. Raises DownloadException of the kind INVALID_NAME. */
    static String safe(String name) {
        String wrong = whatIsWrong(name);
        if (!wrong.isEmpty()) {
            throw new DownloadException(
                    DownloadException.Kind.INVALID_NAME,
                    "'" + name + "' cannot be a model's file name: " + wrong,
                    Map.of("name", name),
                    null);
        }
        return name;
    }

    private static String whatIsWrong(String name) {
        if (name.replaceAll("[. ]", "").isEmpty()) {
            return "it is empty or made of dots";
        }
        Matcher found = FORBIDDEN.matcher(name);
        if (found.find()) {
            return "it contains '" + found.group() + "'";
        }
        if (!name.equals(name.strip()) || name.endsWith(".")) {
            return "it starts or ends with a space, or ends with a dot";
        }
        if (name.startsWith(".")) {
            return "it starts with a dot";
        }
        if (DEVICES.matcher(name).matches()) {
            return "it is the name of a device on Windows";
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
            return "it is not valid Unicode";
        }
        return name.getBytes(StandardCharsets.UTF_8).length > LONGEST ? "it is longer than " + LONGEST + " bytes" : "";
    }
}
