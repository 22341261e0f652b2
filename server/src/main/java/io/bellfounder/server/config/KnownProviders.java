package io.bellfounder.server.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Providers that need only a key: what is filled in for them, and the variables they appear from.
 */
final class KnownProviders {

  /**
   * @param variable the environment variable that the provider's own SDK reads
   */
  record Known(
      String name, String dialect, String baseUrl, String auth, String models, String variable) {}

  static final List<Known> ALL =
      List.of(
          new Known(
              "anthropic",
              "anthropic",
              "https://api.anthropic.com",
              "x-api-key",
              "claude*",
              "ANTHROPIC_API_KEY"),
          new Known(
              "openai",
              "openai",
              "https://api.openai.com/v1",
              "bearer",
              "gpt-*,o1*,o3*,o4*,chatgpt-*,text-embedding-*",
              "OPENAI_API_KEY"),
          new Known(
              "gemini",
              "openai",
              "https://generativelanguage.googleapis.com/v1beta/openai",
              "bearer",
              "gemini*",
              "GEMINI_API_KEY"),
          new Known("ollama", "openai", "http://127.0.0.1:11434/v1", "none", "", "OLLAMA_HOST"));

  private KnownProviders() {}

  /** Defaults for providers of a known name, as settings of the lowest rank. */
  static Map<String, String> defaults(String name) {
    Map<String, String> defaults = new LinkedHashMap<>();
    for (Known known : ALL) {
      if (known.name().equals(name)) {
        defaults.put("dialect", known.dialect());
        defaults.put("baseUrl", known.baseUrl());
        defaults.put("auth", known.auth());
        defaults.put("models", known.models());
      }
    }
    return defaults;
  }

  /** Settings for the providers whose variables are set. */
  static Map<String, Setting> fromEnvironment(Map<String, String> environment) {
    Map<String, Setting> settings = new LinkedHashMap<>();
    for (Known known : ALL) {
      String value = environment.getOrDefault(known.variable(), "").strip();
      if (value.isEmpty()) {
        continue;
      }
      boolean address = known.auth().equals("none");
      String path = "providers." + known.name() + (address ? ".baseUrl" : ".apiKey");
      settings.put(path, new Setting(path, address ? ollama(value) : value, known.variable()));
    }
    return settings;
  }

  /**
   * {@code OLLAMA_HOST} may be a host, a host and port, or a URL; 0.0.0.0 is where it listens, not
   * where it is.
   */
  private static String ollama(String host) {
    String url = host.contains("://") ? host : "http://" + host;
    url = url.replace("//0.0.0.0", "//127.0.0.1").replaceAll("/+$", "");
    String rest = url.substring(url.indexOf("://") + 3);
    if (!rest.contains("/")) {
      boolean port = rest.matches(".*:\\d+$");
      return url + (port || url.startsWith("https") ? "" : ":11434") + "/v1";
    }
    return url;
  }
}
