package io.bellfounder.server.config;

/**
 * One key as it is in effect.
 *
 * @param path dotted, with the user's names in it
 * @param text the value as written, references resolved
 * @param source where it comes from, such as {@code bellfounder.yaml line 3}, {@code
 *     BELL_SERVER_PORT} or {@code default}
 */
record Setting(String path, String text, String source) {}
