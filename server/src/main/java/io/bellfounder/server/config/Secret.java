package io.bellfounder.server.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A value that is never printed. */
public record Secret(String value) {
  /**
   * What providers put in front of their keys; it names the kind of key and is the same for
   * everybody.
   */
  private static final Pattern KIND = Pattern.compile("^[a-zA-Z]{2,6}[-_](?:[a-z]{2,5}[-_])?");

  private static final int LENGTH_MIN_TO_SHOW_KIND = 20;

  /** The kind of key, such as {@code sk-ant-…***}, or just {@code ***}. */
  public String masked() {
    Matcher kind = KIND.matcher(value);
    return value.length() >= LENGTH_MIN_TO_SHOW_KIND && kind.find() ? kind.group() + "…***" : "***";
  }

  @Override
  public String toString() {
    return "***";
  }
}
