package io.bellfounder.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How a cluster on this machine is reached, with its superuser's password. {@code toString} masks
 * it.
 *
 * @param port on 127.0.0.1
 */
public record PostgresAddress(int port, String user, String password) {

  /** The superuser of every cluster that this module makes. */
  static final String SUPERUSER = "postgres";

  /**
   * Reads what a cluster wrote down beside itself. Says nothing about whether it runs right now.
   *
   * @param directory as in {@link PostgresSettings#directory}
   * @return empty if no cluster was ever started there
   * @throws IOException if this user may not read it
   */
  public static Optional<PostgresAddress> of(Path directory) throws IOException {
    try {
      int port = Integer.parseInt(Files.readString(directory.resolve("port")).strip());
      String password = Files.readString(directory.resolve("password")).strip();
      return Optional.of(new PostgresAddress(port, SUPERUSER, password));
    } catch (NoSuchFileException absent) {
      return Optional.empty();
    } catch (NumberFormatException damaged) {
      throw new IOException(directory.resolve("port") + " does not hold a port number", damaged);
    }
  }

  /**
   * The URL of a database for the JDBC driver, without user and password, to which more parameters
   * may be added with {@code &}. While PostgreSQL is down, any program of this machine may listen
   * on its port; it is told no password, only proof of one.
   */
  public String jdbcUrl(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?requireAuth=scram-sha-256";
  }

  @Override
  public String toString() {
    return "PostgresAddress[port=" + port + ", user=" + user + ", password=***]";
  }
}
