package io.bellfounder.e2e;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Tokens in the classes that are priced apart. What the ledger does not know counts nothing here.
 */
record Usage(long input, long cacheWrite5m, long cacheWrite1h, long cacheRead, long output) {

  static final Usage NONE = new Usage(0, 0, 0, 0, 0);

  /** Reads the ledger's words. */
  static Usage of(JsonNode usage) {
    return new Usage(
        usage.path("input").asLong(),
        usage.path("cacheWrite5m").asLong(),
        usage.path("cacheWrite1h").asLong(),
        usage.path("cacheRead").asLong(),
        usage.path("output").asLong());
  }
}
