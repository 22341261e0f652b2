package io.bellfounder.server.identity;

import io.bellfounder.server.tenant.Tenants;
import io.bellfounder.server.tenant.TimeOrderedIds;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Signed-in browsers. A session ends seven days after it was last seen, thirty days after it began,
 * or at once when it is revoked: every request looks.
 */
@Component
public final class Sessions {
  static final Duration IDLE = Duration.ofDays(7);
  static final Duration LONGEST = Duration.ofDays(30);

  /** A session's last use is written down at most this often. */
  private static final Duration SEEN_EVERY = Duration.ofMinutes(5);

  private final JdbcClient jdbc;
  private final Tenants tenants;
  private final InstantSource clock;
  private final SecureRandom random;
  private final TimeOrderedIds ids;
  private final ApplicationEventPublisher events;

  Sessions(
      JdbcClient jdbc,
      Tenants tenants,
      InstantSource clock,
      SecureRandom random,
      TimeOrderedIds ids,
      ApplicationEventPublisher events) {
    this.jdbc = jdbc;
    this.tenants = tenants;
    this.clock = clock;
    this.random = random;
    this.ids = ids;
    this.events = events;
  }

  /** How somebody came in. */
  enum Begun {
    BY_PASSWORD,
    /** Whoever forgot the password chooses a new one, so the old one is not asked for. */
    BY_LINK
  }

  /** In the transaction that is under way. */
  Token begin(UUID organisation, UUID member, Begun how) {
    Token token = Token.random(random);
    Instant now = clock.instant();
    jdbc.sql(
            """
            INSERT INTO session (id, organisation_id, member_id, token_hash, created_at, seen_at, expires_at, ends_at,
                by_link)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        .params(
            ids.get(),
            organisation,
            member,
            token.hash(),
            Timestamp.from(now),
            Timestamp.from(now),
            Timestamp.from(now.plus(IDLE)),
            Timestamp.from(now.plus(LONGEST)),
            how == Begun.BY_LINK)
        .update();
    jdbc.sql("DELETE FROM session WHERE member_id = ? AND least(expires_at, ends_at) < ?")
        .params(member, Timestamp.from(now))
        .update();
    return token;
  }

  Optional<Caller> find(Token token) {
    Instant now = clock.instant();
    return tenants.presenting(
        token.hash(),
        () ->
            jdbc.sql("SELECT id, organisation_id, seen_at FROM session WHERE token_hash = ?")
                .params(token.hash())
                .query(Found::of)
                .optional()
                .flatMap(found -> tenants.in(found.organisation(), () -> caller(found, now))));
  }

  private Optional<Caller> caller(Found found, Instant now) {
    Optional<Caller> caller =
        jdbc.sql(
                """
                SELECT s.id, s.organisation_id, o.name AS organisation_name, m.id AS member_id, m.email, m.name,
                    m.role, m.password_hash IS NOT NULL AND NOT s.by_link AS password_set
                FROM session s JOIN member m ON m.id = s.member_id JOIN organisation o ON o.id = s.organisation_id
                WHERE s.id = ? AND s.expires_at > ? AND s.ends_at > ?
                """)
            .params(found.id(), Timestamp.from(now), Timestamp.from(now))
            .query(Sessions::toCaller)
            .optional();
    if (caller.isPresent() && found.seenAt().isBefore(now.minus(SEEN_EVERY))) {
      jdbc.sql("UPDATE session SET seen_at = ?, expires_at = ? WHERE id = ?")
          .params(Timestamp.from(now), Timestamp.from(now.plus(IDLE)), found.id())
          .update();
    }
    return caller;
  }

  /** Whether a session that was good a while ago still is. */
  public boolean stillGood(Caller caller) {
    Timestamp now = Timestamp.from(clock.instant());
    return tenants.in(
        caller.organisationId(),
        () ->
            jdbc.sql("SELECT 1 FROM session WHERE id = ? AND expires_at > ? AND ends_at > ?")
                .params(caller.sessionId(), now, now)
                .query(Integer.class)
                .optional()
                .isPresent());
  }

  void end(Caller caller) {
    jdbc.sql("DELETE FROM session WHERE id = ?").params(caller.sessionId()).update();
    events.publishEvent(new SessionEnded(caller.sessionId()));
  }

  /** From here on the member's password counts, also for this session. Ends the others. */
  void passwordChosen(Caller caller) {
    jdbc.sql("UPDATE session SET by_link = false WHERE id = ?").params(caller.sessionId()).update();
    jdbc.sql("DELETE FROM session WHERE member_id = ? AND id <> ? RETURNING id")
        .params(caller.memberId(), caller.sessionId())
        .query(UUID.class)
        .list()
        .forEach(id -> events.publishEvent(new SessionEnded(id)));
  }

  private static Caller toCaller(ResultSet row, int ignored) throws SQLException {
    return new Caller(
        row.getObject("id", UUID.class),
        row.getObject("organisation_id", UUID.class),
        row.getString("organisation_name"),
        row.getObject("member_id", UUID.class),
        row.getString("email"),
        row.getString("name"),
        Role.of(row.getString("role")),
        row.getBoolean("password_set"));
  }

  private record Found(UUID id, UUID organisation, Instant seenAt) {
    static Found of(ResultSet row, int ignored) throws SQLException {
      return new Found(
          row.getObject("id", UUID.class),
          row.getObject("organisation_id", UUID.class),
          row.getTimestamp("seen_at").toInstant());
    }
  }
}
