package io.bellfounder.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.net.URI;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Where a contestant works. Given to processes as {@code BENCH_DATABASE_URL}, never as an argument.
 *
 * @param url such as {@code postgres://user:password@127.0.0.1:5432/name}
 */
record BenchDatabase(String url) {
  static final String VARIABLE = "BENCH_DATABASE_URL";

  static BenchDatabase given() {
    String url = System.getenv(VARIABLE);
    if (url == null) {
      throw new IllegalStateException(VARIABLE + " names no database");
    }
    return new BenchDatabase(url);
  }

  int port() {
    return URI.create(url).getPort();
  }

  /** The same database, reached by way of another port. */
  BenchDatabase by(int port) {
    return new BenchDatabase(url.replace(":" + port() + "/", ":" + port + "/"));
  }

  String user() {
    return URI.create(url).getUserInfo().split(":", 2)[0];
  }

  String password() {
    return URI.create(url).getUserInfo().split(":", 2)[1];
  }

  String name() {
    return URI.create(url).getPath().substring(1);
  }

  /** At most so many connections, opened when needed and kept. */
  HikariDataSource pool(int connections) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl("jdbc:postgresql://127.0.0.1:" + port() + "/" + name());
    source.setUser(user());
    source.setPassword(password());
    HikariConfig config = new HikariConfig();
    config.setDataSource(source);
    config.setMaximumPoolSize(connections);
    return new HikariDataSource(config);
  }
}
