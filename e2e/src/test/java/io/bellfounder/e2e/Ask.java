package io.bellfounder.e2e;

/**
 * What a test wants an SDK to do, in words that fit every one of them.
 *
 * @param scenario plain, stream, tools, turn, abort, count, models or embeddings
 * @param baseUrl where the SDK is pointed, without {@code /v1}
 * @param key the credential it is given
 * @param retries how often it may repeat a failed request by itself
 * @param model the model it names
 * @param prompt the one user message
 * @param after events to read before leaving, for the scenario abort
 */
record Ask(
    String scenario,
    String baseUrl,
    String key,
    int retries,
    String model,
    String prompt,
    int after) {

  static Ask of(String scenario, String baseUrl, String key, String model) {
    return new Ask(scenario, baseUrl, key, 0, model, "What is the weather in Vienna?", 3);
  }

  Ask withRetries(int count) {
    return new Ask(scenario, baseUrl, key, count, model, prompt, after);
  }

  Ask withPrompt(String words) {
    return new Ask(scenario, baseUrl, key, retries, model, words, after);
  }

  Ask at(String url, String credential) {
    return new Ask(scenario, url, credential, retries, model, prompt, after);
  }
}
