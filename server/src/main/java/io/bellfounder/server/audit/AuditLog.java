package io.bellfounder.server.audit;

import java.time.InstantSource;
import java.util.OptionalLong;
import java.util.UUID;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** Writes records in the transaction that is under way. */
@Component
public final class AuditLog {
  private final JdbcTemplate jdbc;
  private final InstantSource clock;

  public AuditLog(JdbcTemplate jdbc, InstantSource clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  /**
   * @throws IllegalStateException outside of a transaction
   */
  public void record(AuditEntry entry) {
    if (!TransactionSynchronizationManager.isActualTransactionActive()) {
      throw new IllegalStateException(entry.action() + " is not in a transaction");
    }
    jdbc.execute(
        (ConnectionCallback<Boolean>)
            connection -> {
              new AuditChain(connection).append(entry, clock.instant());
              return true;
            });
  }

  /** The first record that does not fit, or empty if the whole chain holds. */
  public OptionalLong firstBroken(UUID organisation) {
    OptionalLong broken =
        jdbc.execute(
            (ConnectionCallback<OptionalLong>)
                connection -> new AuditChain(connection).firstBroken(organisation));
    return broken == null ? OptionalLong.empty() : broken;
  }
}
