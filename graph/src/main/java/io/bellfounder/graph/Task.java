package io.bellfounder.graph;

/**
 * One execution of a node that the kernel asks for. The path is the same in every attempt, on every
 * machine: {@code step.ordinal:node}, nested with {@code /}.
 *
 * @param input what was sent to it, or {@link JsonNull}
 * @param sent whether it descends from a {@link Send}
 */
public record Task(String path, String node, Object input, boolean sent) {}
