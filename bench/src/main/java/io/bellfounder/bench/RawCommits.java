package io.bellfounder.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;

/**
 * The limit: pgbench commits one row of 1 KB per transaction, by prepared statements. Nothing that
 * commits every step by itself can be faster.
 */
record RawCommits(BenchDatabase database, Path script) implements Contender {
  private static final Pattern TPS = Pattern.compile("(?m)^tps = ([0-9.]+)");

  /** The table, and a script beside it. */
  static RawCommits in(BenchDatabase database, DataSource source, Path directory)
      throws SQLException, IOException {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE step (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, out text)");
    }
    Path script =
        Files.writeString(
            directory.resolve("commit.sql"),
            "INSERT INTO step (out) VALUES ('" + "x".repeat(1024) + "');\n");
    return new RawCommits(database, script);
  }

  static boolean installed() {
    try {
      return new ProcessBuilder("pgbench", "--version").redirectErrorStream(true).start().waitFor()
          == 0;
    } catch (IOException absent) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public String name() {
    return "pgbench";
  }

  @Override
  public Turn turn(int concurrency, double seconds) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
                "pgbench",
                "--no-vacuum",
                "--protocol=prepared",
                "--client=" + concurrency,
                "--jobs=" + Math.min(2, concurrency),
                "--time=" + (int) Math.ceil(seconds),
                "--file=" + script,
                "--host=127.0.0.1",
                "--port=" + database.port(),
                "--username=" + database.user(),
                database.name())
            .redirectErrorStream(true);
    builder.environment().put("PGPASSWORD", database.password());
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher tps = TPS.matcher(said);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0 || !tps.find()) {
      throw new IOException(String.format(Locale.ROOT, "pgbench failed: %s", said));
    }
    return new Turn(Double.parseDouble(tps.group(1)) * seconds, seconds);
  }

  @Override
  public void close() {}
}
