package io.bellfounder.e2e;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the things under test lie in the checkout. */
final class Repository {

  private Repository() {}

  static Path root() {
    return Path.of(System.getProperty("bellfounder.root", "..")).toAbsolutePath().normalize();
  }

  /** The packaged product, as it is shipped. */
  static Path jar() {
    Path jar = root().resolve("server/target/bellfounder.jar");
    if (!Files.isRegularFile(jar)) {
      throw new IllegalStateException(
          jar + " is missing: run `./bell test`, or `mvn verify` from the root");
    }
    return jar;
  }

  static Path clients() {
    return root().resolve("e2e/clients");
  }
}
