package io.bellfounder.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Pico-dollars (10^-12 USD) per token in each class, read from the price file by the tests
 * themselves, and the tests' own arithmetic on them: nothing of the gateway's code has a part in
 * it.
 */
record Prices(
    BigInteger input,
    BigInteger cacheWrite5m,
    BigInteger cacheWrite1h,
    BigInteger cacheRead,
    BigInteger output) {

  /**
   * The list that the product under test is given: no two prices alike, digits down to the last
   * place.
   */
  static Path file() {
    return Repository.root().resolve("e2e/src/test/resources/prices.json");
  }

  static Prices of(String model) {
    try {
      for (JsonNode entry : Json.read(Files.readString(file())).path("prices")) {
        if (model.startsWith(entry.path("models").asText().replace("*", ""))) {
          return new Prices(
              pico(entry, "input"),
              pico(entry, "cacheWrite5m"),
              pico(entry, "cacheWrite1h"),
              pico(entry, "cacheRead"),
              pico(entry, "output"));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw new AssertionError("no price for " + model);
  }

  BigInteger cost(Usage usage) {
    return times(input, usage.input())
        .add(times(cacheWrite5m, usage.cacheWrite5m()))
        .add(times(cacheWrite1h, usage.cacheWrite1h()))
        .add(times(cacheRead, usage.cacheRead()))
        .add(times(output, usage.output()));
  }

  /** A dollar for a million tokens is a million pico-dollars for one. */
  private static BigInteger pico(JsonNode entry, String name) {
    String dollarsPerMillion = entry.path(name).asText(entry.path("input").asText());
    return new BigDecimal(dollarsPerMillion).movePointRight(6).toBigIntegerExact();
  }

  private static BigInteger times(BigInteger price, long tokens) {
    return price.multiply(BigInteger.valueOf(tokens));
  }
}
