package io.bellfounder.server.teams;

import io.bellfounder.server.audit.Actor;
import io.bellfounder.server.audit.AuditChain;
import io.bellfounder.server.audit.AuditEntry;
import io.bellfounder.server.launch.MasterKey;
import io.bellfounder.server.tenant.Tenants;
import io.bellfounder.server.tenant.ThreadLocalGenerator;
import io.bellfounder.server.tenant.TimeOrderedIds;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Makes a key on a plain connection, for the endpoint and for the command line, which runs without
 * Spring and beside a running server. Every node knows the key within a second.
 */
public final class KeyCreation {
  private final KeyHash hash;
  private final SecureRandom random;
  private final InstantSource clock;

  public KeyCreation(KeyHash hash, SecureRandom random, InstantSource clock) {
    this.hash = hash;
    this.random = random;
    this.clock = clock;
  }

  /** A new key and the only sight of its secret. */
  public record Created(UUID id, KeySecret secret) {}

  /**
   * For the command line: a key of the first organisation, in a transaction of its own.
   *
   * @param connection as the application's role or the owner; left open
   * @param name 1 to 100 characters
   * @param expiresAt {@code null} for never
   */
  public static Created byOperator(
      Connection connection,
      InstantSource clock,
      SecureRandom random,
      MasterKey masterKey,
      String name,
      @Nullable Instant expiresAt)
      throws SQLException {
    var creation = new KeyCreation(new KeyHash(masterKey), random, clock);
    connection.setAutoCommit(false);
    try {
      try (PreparedStatement tenant =
          connection.prepareStatement("SELECT set_config('app.organisation', ?, true)")) {
        tenant.setString(1, Tenants.FIRST.toString());
        tenant.execute();
      }
      Created created =
          creation.create(connection, Tenants.FIRST, new Actor.Operator(), null, name, expiresAt);
      connection.commit();
      return created;
    } catch (SQLException | RuntimeException e) {
      connection.rollback();
      throw e;
    }
  }

  /** In the connection's transaction, which already names the organisation. */
  Created create(
      Connection connection,
      UUID organisation,
      Actor actor,
      @Nullable UUID member,
      String name,
      @Nullable Instant expiresAt)
      throws SQLException {
    KeySecret secret = KeySecret.random(random);
    UUID id = new TimeOrderedIds(clock, new ThreadLocalGenerator()).get();
    Instant now = clock.instant();
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO api_key (id, organisation_id, member_id, created_by, name, prefix, secret_hmac, created_at, expires_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)) {
      insert.setObject(1, id);
      insert.setObject(2, organisation);
      insert.setObject(3, member);
      insert.setObject(4, member);
      insert.setString(5, name);
      insert.setString(6, secret.prefix());
      insert.setBytes(7, hash.of(secret.text()));
      insert.setObject(8, now.atOffset(ZoneOffset.UTC));
      insert.setObject(9, expiresAt == null ? null : expiresAt.atOffset(ZoneOffset.UTC));
      insert.executeUpdate();
    }
    new AuditChain(connection)
        .append(
            new AuditEntry(organisation, actor, "key.created", id.toString(), Map.of("name", name)),
            now);
    return new Created(id, secret);
  }
}
