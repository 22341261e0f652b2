package io.bellfounder.server.teams;

import io.bellfounder.server.api.Cursor;
import io.bellfounder.server.api.Page;
import io.bellfounder.server.api.PageRequest;
import io.bellfounder.server.api.Problem;
import io.bellfounder.server.audit.AuditEntry;
import io.bellfounder.server.audit.AuditLog;
import io.bellfounder.server.identity.Caller;
import io.bellfounder.server.launch.MasterKey;
import io.bellfounder.server.tenant.Tenants;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The keys of an organisation, in the database. */
@Component
public final class Keys {
  private static final String SELECT =
      """
      SELECT k.id, k.name, k.prefix, k.created_at, k.created_by, m.name AS creator, k.expires_at, k.last_used_at,
          k.revoked_at
      FROM api_key k LEFT JOIN member m ON m.id = k.created_by
      """;

  private final JdbcClient jdbc;
  private final JdbcTemplate template;
  private final Tenants tenants;
  private final AuditLog audit;
  private final InstantSource clock;
  private final KeyCreation creation;

  Keys(
      JdbcClient jdbc,
      JdbcTemplate template,
      Tenants tenants,
      AuditLog audit,
      InstantSource clock,
      SecureRandom random,
      MasterKey masterKey) {
    this.jdbc = jdbc;
    this.template = template;
    this.tenants = tenants;
    this.audit = audit;
    this.clock = clock;
    this.creation = new KeyCreation(new KeyHash(masterKey), random, clock);
  }

  Page<KeyView> list(Caller caller, PageRequest page) {
    return tenants.in(
        caller.organisationId(),
        () -> {
          Cursor after = page.after();
          List<KeyView> read =
              after == null
                  ? jdbc.sql(SELECT + "ORDER BY k.created_at DESC, k.id DESC LIMIT ?")
                      .params(page.readLimit())
                      .query(this::view)
                      .list()
                  : jdbc.sql(
                          SELECT
                              + "WHERE (k.created_at, k.id) < (?, ?::uuid) ORDER BY k.created_at DESC, k.id DESC LIMIT ?")
                      .params(Timestamp.from(after.at()), after.id(), page.readLimit())
                      .query(this::view)
                      .list();
          return Page.of(
              read, page, key -> key, key -> new Cursor(key.createdAt(), key.id().toString()));
        });
  }

  /** In the transaction that is under way. */
  KeyCreation.Created create(Caller caller, String name, @Nullable Instant expiresAt) {
    KeyCreation.Created created =
        template.execute(
            (ConnectionCallback<KeyCreation.Created>)
                connection ->
                    creation.create(
                        connection,
                        caller.organisationId(),
                        caller.actor(),
                        caller.memberId(),
                        name,
                        expiresAt));
    if (created == null) {
      throw new IllegalStateException("no key was made");
    }
    return created;
  }

  /** In the transaction that is under way. A second time changes nothing. */
  KeyView revoke(Caller caller, UUID id) {
    int revoked =
        jdbc.sql("UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
            .params(Timestamp.from(clock.instant()), id)
            .update();
    if (revoked == 1) {
      audit.record(new AuditEntry(caller.organisationId(), caller.actor(), "key.revoked", id));
    }
    return find(id).orElseThrow(() -> Problem.notFound("key"));
  }

  Optional<KeyView> find(UUID id) {
    return jdbc.sql(SELECT + "WHERE k.id = ?").params(id).query(this::view).optional();
  }

  /** The key's last use, if that moves it on. */
  void used(UUID organisation, UUID id, Instant at) {
    tenants.in(
        organisation,
        () ->
            jdbc.sql(
                    "UPDATE api_key SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)")
                .params(Timestamp.from(at), id, Timestamp.from(at))
                .update());
  }

  private KeyView view(ResultSet row, int ignored) throws SQLException {
    UUID creator = row.getObject("created_by", UUID.class);
    Instant expiresAt = instant(row, "expires_at");
    Instant revokedAt = instant(row, "revoked_at");
    return new KeyView(
        row.getObject("id", UUID.class),
        row.getString("name"),
        row.getString("prefix"),
        row.getTimestamp("created_at").toInstant(),
        creator == null ? null : new KeyView.Creator(creator, row.getString("creator")),
        expiresAt,
        instant(row, "last_used_at"),
        revokedAt,
        status(expiresAt, revokedAt));
  }

  private String status(@Nullable Instant expiresAt, @Nullable Instant revokedAt) {
    if (revokedAt != null) {
      return "revoked";
    }
    return expiresAt != null && !clock.instant().isBefore(expiresAt) ? "expired" : "active";
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    Timestamp value = row.getTimestamp(column);
    return value == null ? null : value.toInstant();
  }
}
