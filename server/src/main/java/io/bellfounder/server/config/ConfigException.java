package io.bellfounder.server.config;

import java.util.List;

/** The configuration cannot be used. Every problem found is named with its place and its remedy. */
public final class ConfigException extends RuntimeException {
  private final List<String> problems;

  public ConfigException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /** One sentence each, for people. */
  public List<String> problems() {
    return problems;
  }
}
