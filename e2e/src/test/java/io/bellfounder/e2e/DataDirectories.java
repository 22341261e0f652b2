package io.bellfounder.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/**
 * Temporary directories that the unprivileged database may reach, unlike JUnit's own; deleted when
 * this JVM ends, because a test may start the product on one several times. {@code -Dkeep=true}
 * keeps them for a look.
 */
final class DataDirectories {

  private static final List<Path> MADE = new CopyOnWriteArrayList<>();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(DataDirectories::deleteAll));
  }

  private DataDirectories() {}

  static Path fresh() {
    try {
      Path made =
          Files.createTempDirectory(
              "bell-e2e-",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
      Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
      MADE.add(made);
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void deleteAll() {
    if (Boolean.getBoolean("keep")) {
      System.out.println("kept: " + MADE);
      return;
    }
    for (Path made : MADE) {
      try (Stream<Path> files = Files.walk(made)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      } catch (IOException | UncheckedIOException e) {
        // A temporary directory left behind disturbs no test.
        System.err.println("left behind: " + made + ": " + e);
      }
    }
  }
}
