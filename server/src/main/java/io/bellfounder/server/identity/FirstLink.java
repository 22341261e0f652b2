package io.bellfounder.server.identity;

import io.bellfounder.server.audit.Actor;
import io.bellfounder.server.audit.AuditEntry;
import io.bellfounder.server.audit.AuditLog;
import io.bellfounder.server.launch.FirstSignIn;
import io.bellfounder.server.tenant.Tenants;
import io.bellfounder.server.tenant.TimeOrderedIds;
import java.security.SecureRandom;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * The link with which the first organisation's owner signs in before there is a password. Valid for
 * a day, once, and replaced at every start. The token is in the link's fragment, which browsers
 * send to no server.
 */
@Component
final class FirstLink implements FirstSignIn {
  private static final Duration VALID = Duration.ofDays(1);

  private final JdbcClient jdbc;
  private final Tenants tenants;
  private final AuditLog audit;
  private final InstantSource clock;
  private final SecureRandom random;
  private final TimeOrderedIds ids;

  FirstLink(
      JdbcClient jdbc,
      Tenants tenants,
      AuditLog audit,
      InstantSource clock,
      SecureRandom random,
      TimeOrderedIds ids) {
    this.jdbc = jdbc;
    this.tenants = tenants;
    this.audit = audit;
    this.clock = clock;
    this.random = random;
    this.ids = ids;
  }

  /** Whether nobody can sign in with a password yet. */
  boolean setupRequired() {
    return tenants.in(Tenants.FIRST, this::noOwnerHasPassword);
  }

  private boolean noOwnerHasPassword() {
    return jdbc.sql(
            "SELECT 1 FROM member WHERE role = 'owner' AND password_hash IS NOT NULL LIMIT 1")
        .query(Integer.class)
        .optional()
        .isEmpty();
  }

  @Override
  public Optional<String> link(String baseUrl) {
    return tenants.in(
        Tenants.FIRST,
        () ->
            noOwnerHasPassword()
                ? Optional.of(baseUrl + "/sign-in#token=" + fresh().text())
                : Optional.empty());
  }

  private Token fresh() {
    UUID owner =
        jdbc.sql("SELECT id FROM member WHERE role = 'owner' ORDER BY created_at, id LIMIT 1")
            .query(UUID.class)
            .single();
    Token token = Token.random(random);
    Instant now = clock.instant();
    jdbc.sql("DELETE FROM sign_in_link WHERE member_id = ? AND used_at IS NULL")
        .params(owner)
        .update();
    jdbc.sql(
            """
            INSERT INTO sign_in_link (id, organisation_id, member_id, token_hash, created_at, expires_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """)
        .params(
            ids.get(),
            Tenants.FIRST,
            owner,
            token.hash(),
            Timestamp.from(now),
            Timestamp.from(now.plus(VALID)))
        .update();
    audit.record(new AuditEntry(Tenants.FIRST, new Actor.Server(), "sign_in_link.made", owner));
    return token;
  }
}
