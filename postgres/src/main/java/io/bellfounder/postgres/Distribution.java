package io.bellfounder.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The published binaries, unpacked once into a folder named after the archive's fingerprint.
 *
 * @param home has {@code bin}, {@code lib} and {@code share}
 * @param version such as {@code 18.6}
 */
record Distribution(Path home, String version) {
  private static final String MANIFEST = ".manifest";

  /** The part of the version that a data directory is bound to. */
  String major() {
    return version.split("\\.", 2)[0];
  }

  Path program(String name) {
    return home.resolve("bin").resolve(name);
  }

  /**
   * Finds or unpacks the binaries for this machine. Several processes may do so at once; a folder
   * appears whole or not at all, and one with missing or cut files is replaced.
   */
  static Distribution in(Path runtime) throws IOException {
    URL archive = archive(System.getProperty("os.name"), System.getProperty("os.arch"));
    Path home = runtime.resolve("postgresql-" + fingerprint(archive));
    if (!isWhole(home)) {
      unpackBeside(archive, home);
    }
    String version = Files.readAllLines(home.resolve(MANIFEST)).getFirst();
    return new Distribution(home, version);
  }

  private static URL archive(String system, String machine) {
    String name =
        switch (machine.toLowerCase(Locale.ROOT)) {
          case "amd64", "x86_64" -> "/postgres-linux-x86_64.txz";
          case "aarch64", "arm64" -> "/postgres-linux-arm_64.txz";
          default -> "";
        };
    URL archive = name.isEmpty() ? null : Distribution.class.getResource(name);
    if (!system.equals("Linux") || archive == null) {
      throw new PostgresException(
          "There is no embedded PostgreSQL for "
              + system
              + " on "
              + machine
              + ". Set BELL_DATABASE_URL to a PostgreSQL of your own.");
    }
    return archive;
  }

  /** From the jar's own directory where possible: reading 15 MB at every start would cost more. */
  private static String fingerprint(URL archive) throws IOException {
    URLConnection connection = archive.openConnection();
    connection.setUseCaches(false);
    if (connection instanceof JarURLConnection jar && jar.getJarEntry() != null) {
      return HexFormat.of().toHexDigits((int) jar.getJarEntry().getCrc());
    }
    try (CheckedInputStream in = new CheckedInputStream(archive.openStream(), new CRC32())) {
      in.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().toHexDigits((int) in.getChecksum().getValue());
    }
  }

  private static boolean isWhole(Path home) throws IOException {
    Path manifest = home.resolve(MANIFEST);
    if (!Files.exists(manifest)) {
      return false;
    }
    List<String> lines = Files.readAllLines(manifest);
    for (String line : lines.subList(1, lines.size())) {
      int space = line.indexOf(' ');
      Path file = home.resolve(line.substring(space + 1));
      if (!Files.isRegularFile(file)
          || Files.size(file) != Long.parseLong(line.substring(0, space))) {
        return false;
      }
    }
    return true;
  }

  private static void unpackBeside(URL archive, Path home) throws IOException {
    Files.createDirectories(home.getParent());
    Path fresh = Files.createTempDirectory(home.getParent(), "unpack-");
    try {
      List<String> manifest = unpack(archive, fresh);
      manifest.addFirst(version(fresh));
      Files.writeString(fresh.resolve(MANIFEST), String.join("\n", manifest) + "\n");
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
      if (Files.exists(home) && !isWhole(home)) {
        Path damaged = Files.createTempDirectory(home.getParent(), "damaged-");
        Files.move(home, damaged.resolve("home"), StandardCopyOption.ATOMIC_MOVE);
        delete(damaged);
      }
      Files.move(fresh, home, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (!isWhole(home)) {
        throw new PostgresException(
            "PostgreSQL's programs cannot be unpacked into "
                + home.getParent()
                + ": "
                + e.getMessage()
                + ". Check that the disk has 100 MB free and that programs may run from it.",
            e);
      }
      // Another process was faster; its folder is whole.
    } finally {
      delete(fresh);
    }
  }

  private static List<String> unpack(URL archive, Path target) throws IOException {
    List<String> manifest = new ArrayList<>();
    try (InputStream packed = archive.openStream();
        TarArchiveInputStream tar =
            new TarArchiveInputStream(new XZCompressorInputStream(packed))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path path = target.resolve(entry.getName()).normalize();
        if (!path.startsWith(target)) {
          throw new IOException("the archive reaches outside: " + entry.getName());
        }
        if (entry.isDirectory()) {
          createDirectory(path);
        } else if (entry.isSymbolicLink()) {
          createDirectory(path.getParent());
          Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else {
          createDirectory(path.getParent());
          Files.copy(tar, path);
          boolean program = (entry.getMode() & 0100) != 0;
          Files.setPosixFilePermissions(
              path, PosixFilePermissions.fromString(program ? "rwxr-xr-x" : "rw-r--r--"));
          manifest.add(Files.size(path) + " " + target.relativize(path));
        }
      }
    }
    return manifest;
  }

  /** Readable by everyone whatever the umask: the programs may run as another user. */
  private static void createDirectory(@Nullable Path path) throws IOException {
    if (path == null || Files.isDirectory(path)) {
      return;
    }
    createDirectory(path.getParent());
    Files.createDirectory(path);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static String version(Path home) throws IOException {
    Process process =
        new ProcessBuilder(home.resolve("bin/postgres").toString(), "--version")
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    // "postgres (PostgreSQL) 18.6"
    String version = said.strip().substring(said.strip().lastIndexOf(' ') + 1);
    if (!version.matches("\\d+(\\.\\d+)*")) {
      throw new IOException("postgres --version said: " + said.strip());
    }
    return version;
  }

  static void delete(Path directory) throws IOException {
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
