package io.gpt4all.models;

import java.nio.file.Path;
import java.util.List;

/**
 * What prune() removed.
 *
 * @param paths the files
 * @param freedBytes how much room that made
 */
public record Pruned(List<Path> paths, long freedBytes) {}
