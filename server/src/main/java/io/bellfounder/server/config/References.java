package io.bellfounder.server.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Replaces {@code ${env:NAME}} and {@code ${file:PATH}} in values. Nothing else is replaced, and
 * nothing twice. A bare {@code ${NAME}} is refused: elsewhere it means a variable, and here it
 * would be taken for the value itself.
 */
final class References {
  private static final Pattern REFERENCE =
      Pattern.compile("\\$\\{(?:(env|file):([^}]*)|([A-Za-z_]\\w*))}");
  private static final long FILE_BYTES_MAX = 64 * 1024;

  private final Map<String, String> environment;

  References(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * @throws Unresolved if a variable is not set, a file cannot be read, or neither is said
   */
  String resolve(String text) throws Unresolved {
    Matcher matcher = REFERENCE.matcher(text);
    StringBuilder resolved = new StringBuilder();
    while (matcher.find()) {
      if (matcher.group(3) != null) {
        throw new Unresolved(
            "has `${%1$s}` in it, which stands for nothing here: write `${env:%1$s}`"
                .formatted(matcher.group(3)));
      }
      String name = matcher.group(2);
      String value = matcher.group(1).equals("env") ? variable(name) : file(name);
      matcher.appendReplacement(resolved, Matcher.quoteReplacement(value));
    }
    return matcher.appendTail(resolved).toString();
  }

  private String variable(String name) throws Unresolved {
    String value = environment.get(name);
    if (value == null || value.isEmpty()) {
      throw missing("the environment variable " + name + " is not set");
    }
    return value;
  }

  private static String file(String name) throws Unresolved {
    Path path = Path.of(name);
    try {
      if (Files.size(path) > FILE_BYTES_MAX) {
        throw missing("the file " + name + " is larger than 64 KiB");
      }
      return Files.readString(path, StandardCharsets.UTF_8).stripTrailing();
    } catch (IOException e) {
      throw missing("the file " + name + " cannot be read (" + FileProblem.words(e) + ")");
    }
  }

  private static Unresolved missing(String what) {
    return new Unresolved("refers to something missing: " + what);
  }

  /** A reference leads nowhere. The message completes a sentence that names the key. */
  static final class Unresolved extends Exception {
    Unresolved(String message) {
      super(message);
    }
  }
}
