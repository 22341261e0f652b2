package io.bellfounder.server.tenant;

import java.util.HexFormat;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Runs work in one transaction that sees one organisation. What is set here ends with the
 * transaction, so a pooled connection never carries it on. Calls may nest: the inner one joins the
 * outer transaction.
 */
@Component
public final class Tenants {
  /** The organisation that every installation begins with. */
  public static final UUID FIRST = UUID.fromString("00000000-0000-7000-8000-000000000001");

  private final JdbcClient jdbc;
  private final TransactionTemplate transactions;

  public Tenants(JdbcClient jdbc, PlatformTransactionManager transactions) {
    this.jdbc = jdbc;
    this.transactions = new TransactionTemplate(transactions);
  }

  /** Sees the organisation's rows only. */
  public <T extends @Nullable Object> T in(UUID organisation, Supplier<T> work) {
    return with("app.organisation", organisation.toString(), work);
  }

  /** Sees the one row that holds this hash of a secret, in any organisation. */
  public <T extends @Nullable Object> T presenting(byte[] hash, Supplier<T> work) {
    return with("app.presented_hash", HexFormat.of().formatHex(hash), work);
  }

  /** Sees the members with this address, in any organisation. */
  public <T extends @Nullable Object> T presenting(String email, Supplier<T> work) {
    return with("app.presented_email", email, work);
  }

  /** Sees what the schema grants a task over all organisations. */
  public <T extends @Nullable Object> T task(String name, Supplier<T> work) {
    return with("app.task", name, work);
  }

  private <T extends @Nullable Object> T with(String setting, String value, Supplier<T> work) {
    return transactions.execute(_ -> {
      var _ =
          jdbc.sql("SELECT set_config(?, ?, true)")
              .params(setting, value)
              .query(String.class)
              .single();
      return work.get();
    });
  }
}
