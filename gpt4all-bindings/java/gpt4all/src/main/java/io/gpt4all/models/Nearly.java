package io.gpt4all.models;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Names of the catalogue that are nearly what was asked for: those that Python's difflib finds. */
final class Nearly {
    private static final double LEAST = 0.6;
    private static final int MOST = 3;

    private Nearly() {}

    /** A question to put behind "there is no model"; empty if nothing is near. */
    static String didYouMean(String text) {
        String wanted = text.toLowerCase(Locale.ROOT);
        Map<String, String> names = new TreeMap<>(Comparator.reverseOrder());
        Catalogue.ENTRIES.forEach(entry ->
                Catalogue.names(entry).forEach(name -> names.put(name.toLowerCase(Locale.ROOT), name)));
        Map<String, Double> near = new TreeMap<>(Comparator.reverseOrder());
        names.keySet().forEach(name -> near.put(name, similarity(name, wanted)));
        List<String> best = near.entrySet().stream()
                .filter(each -> each.getValue() >= LEAST)
                .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .limit(MOST)
                .map(each -> "'" + names.get(each.getKey()) + "'")
                .toList();
        return best.isEmpty() ? "" : ". Did you mean " + best.stream().collect(Collectors.joining(" or ")) + "?";
    }

    /** How alike two texts are, from 0 to 1: by the letters in their longest common pieces (Ratcliff and Obershelp). */
    static double similarity(String one, String other) {
        int length = one.length() + other.length();
        return length == 0 ? 1 : 2.0 * matching(one, other) / length;
    }

    private static int matching(String one, String other) {
        int begin = 0;
        int otherBegin = 0;
        int longest = 0;
        int[] above = new int[other.length() + 1]; // how long the common piece is that ends at each place
        for (int i = 0; i < one.length(); i++) {
            int[] row = new int[other.length() + 1];
            for (int j = 0; j < other.length(); j++) {
                row[j + 1] = one.charAt(i) == other.charAt(j) ? above[j] + 1 : 0;
                if (row[j + 1] > longest) {
                    longest = row[j + 1];
                    begin = i + 1 - longest;
                    otherBegin = j + 1 - longest;
                }
            }
            above = row;
        }
        if (longest == 0) {
            return 0;
        }
        return matching(one.substring(0, begin), other.substring(0, otherBegin))
                + longest
                + matching(one.substring(begin + longest), other.substring(otherBegin + longest));
    }
}
