package io.bellfounder.server.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.config.ConfigLoader;
import io.bellfounder.server.launch.ConfigReloaded;
import io.bellfounder.server.launch.LaunchRefused;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PricesTest {
  private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");
  @TempDir Path directory;

  @Test
  void a_changed_file_is_in_force_without_a_restart_and_a_bad_one_leaves_the_old_prices()
      throws IOException {
    Path file = directory.resolve("prices.json");
    Files.writeString(file, packaged());
    BellConfig config = config(file);
    Prices prices = new Prices(config);
    String before = prices.price("anthropic", "claude-opus-5-5", NOW).version();

    Files.writeString(
        file, packaged().replaceFirst("\"version\"\\s*:\\s*\"[^\"]+\"", "\"version\": \"own-1\""));
    prices.reloaded(new ConfigReloaded(config));
    assertThat(prices.price("anthropic", "claude-opus-5-5", NOW).version())
        .isNotEqualTo(before)
        .startsWith("own-1");
    assertThat(prices.problem()).isNull();

    Files.writeString(file, "{");
    prices.reloaded(new ConfigReloaded(config));
    assertThat(prices.price("anthropic", "claude-opus-5-5", NOW).version()).startsWith("own-1");
    assertThat(prices.problem()).contains("own-1");
  }

  @Test
  void a_bad_file_stops_the_start() throws IOException {
    Path file = Files.writeString(directory.resolve("prices.json"), "{");

    assertThatThrownBy(() -> new Prices(config(file)))
        .isInstanceOf(LaunchRefused.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void a_missing_file_is_called_missing() {
    Path file = directory.resolve("absent.json");

    assertThatThrownBy(() -> new Prices(config(file)))
        .isInstanceOf(LaunchRefused.class)
        .hasMessageContaining(file + " cannot be used: it does not exist");
  }

  private static BellConfig config(Path file) {
    return ConfigLoader.load(
            "prices: { file: '" + file + "' }", "bellfounder.yaml", Map.of(), Map.of())
        .config();
  }

  private static String packaged() throws IOException {
    try (InputStream packaged = PricesTest.class.getResourceAsStream("/prices/prices.json")) {
      assertThat(packaged).isNotNull();
      return new String(packaged.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
