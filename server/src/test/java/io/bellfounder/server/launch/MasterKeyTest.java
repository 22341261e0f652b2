package io.bellfounder.server.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.config.ConfigLoader;
import io.bellfounder.server.config.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MasterKeyTest {
  @TempDir Path directory;

  @Test
  void is_made_once_and_readable_by_its_owner_alone() throws IOException {
    Path file = directory.resolve("master.key");

    byte[] first = MasterKey.of(null, file).derive("a");
    byte[] again = MasterKey.of(null, file).derive("a");

    assertThat(again).isEqualTo(first);
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void gives_another_key_for_another_purpose_and_never_another_for_the_same() {
    MasterKey key = MasterKey.of(new Secret("0123456789abcdef0123456789abcdef"), directory);

    assertThat(HexFormat.of().formatHex(key.derive("gateway-key-hash")))
        .isEqualTo(HexFormat.of().formatHex(key.derive("gateway-key-hash")))
        .isNotEqualTo(HexFormat.of().formatHex(key.derive("snapshot")));
  }

  @Test
  void the_text_of_the_file_given_as_configuration_is_the_same_key() throws IOException {
    Path file = directory.resolve("master.key");
    byte[] fromFile = MasterKey.of(null, file).derive("a");

    assertThat(MasterKey.of(new Secret(Files.readString(file)), directory).derive("a"))
        .isEqualTo(fromFile);
  }

  @Test
  void a_lost_key_is_not_made_anew_beside_the_database_it_made() throws IOException {
    DataDirectory data = new DataDirectory(directory);
    Files.createDirectories(data.cluster());
    BellConfig embedded = config(Map.of());

    assertThatThrownBy(() -> MasterKey.of(embedded, data))
        .isInstanceOf(LaunchRefused.class)
        .hasMessageContaining(data.masterKey().toString())
        .hasMessageContaining("backup");
    assertThat(data.masterKey()).doesNotExist();

    MasterKey.of(config(Map.of("BELL_SECURITY_MASTER_KEY", "0123456789abcdef".repeat(2))), data);
    MasterKey.of(config(Map.of("BELL_DATABASE_URL", "postgres://h/d")), data);
    MasterKey.of(embedded, data);
  }

  private static BellConfig config(Map<String, String> environment) {
    return ConfigLoader.load(null, "bellfounder.yaml", environment, Map.of()).config();
  }

  @Test
  void a_damaged_file_is_refused_without_its_content() throws IOException {
    Path file = Files.writeString(directory.resolve("master.key"), "short");

    assertThatThrownBy(() -> MasterKey.of(null, file))
        .isInstanceOf(LaunchRefused.class)
        .hasMessageContaining("damaged")
        .hasMessageNotContaining("short");
  }
}
