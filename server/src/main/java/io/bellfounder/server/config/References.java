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
 * nothing twice.
 */
final class References {
  private static final Pattern REFERENCE = Pattern.compile("\\$\\{(env|file):([^}]*)}");
  private static final long FILE_BYTES_MAX = 64 * 1024;

  private final Map<String, String> environment;

  References(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * @throws Unresolved if a variable is not set or a file cannot be read
   */
  String resolve(String text) throws Unresolved {
    Matcher matcher = REFERENCE.matcher(text);
    StringBuilder resolved = new StringBuilder();
    while (matcher.find()) {
      String name = matcher.group(2);
      String value = matcher.group(1).equals("env") ? variable(name) : file(name);
      matcher.appendReplacement(resolved, Matcher.quoteReplacement(value));
    }
    return matcher.appendTail(resolved).toString();
  }

  private String variable(String name) throws Unresolved {
    String value = environment.get(name);
    if (value == null || value.isEmpty()) {
      throw new Unresolved("the environment variable " + name + " is not set");
    }
    return value;
  }

  private static String file(String name) throws Unresolved {
    Path path = Path.of(name);
    try {
      if (Files.size(path) > FILE_BYTES_MAX) {
        throw new Unresolved("the file " + name + " is larger than 64 KiB");
      }
      return Files.readString(path, StandardCharsets.UTF_8).stripTrailing();
    } catch (IOException e) {
      throw new Unresolved("the file " + name + " cannot be read (" + FileProblem.words(e) + ")");
    }
  }

  /** A reference leads nowhere. The message completes a sentence that names the key. */
  static final class Unresolved extends Exception {
    Unresolved(String message) {
      super(message);
    }
  }
}
