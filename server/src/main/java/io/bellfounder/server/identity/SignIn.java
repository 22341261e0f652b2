package io.bellfounder.server.identity;

import io.bellfounder.server.api.Problem;
import io.bellfounder.server.audit.Actor;
import io.bellfounder.server.audit.AuditEntry;
import io.bellfounder.server.audit.AuditLog;
import io.bellfounder.server.tenant.Tenants;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** From a link or a password to a session. */
@Component
final class SignIn {
  private static final int FAILURES_PER_ADDRESS = 5;
  private static final int FAILURES_PER_EMAIL = 20;

  private final JdbcClient jdbc;
  private final Tenants tenants;
  private final Sessions sessions;
  private final Passwords passwords;
  private final AuditLog audit;
  private final InstantSource clock;
  private final Throttle throttle;

  SignIn(
      JdbcClient jdbc,
      Tenants tenants,
      Sessions sessions,
      Passwords passwords,
      AuditLog audit,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.tenants = tenants;
    this.sessions = sessions;
    this.passwords = passwords;
    this.audit = audit;
    this.clock = clock;
    this.throttle = new Throttle(clock);
  }

  /** Uses the link up. */
  Token byLink(Token link) {
    return tenants.presenting(
        link.hash(),
        () -> {
          Link found =
              jdbc.sql(
                      "SELECT id, organisation_id, member_id, expires_at, used_at FROM sign_in_link WHERE token_hash = ?")
                  .params(link.hash())
                  .query(Link::of)
                  .optional()
                  .orElseThrow(SignIn::invalid);
          return tenants.in(found.organisation(), () -> use(found));
        });
  }

  private Token use(Link link) {
    Instant now = clock.instant();
    if (link.usedAt() != null) {
      throw invalid();
    }
    if (!now.isBefore(link.expiresAt())) {
      throw Problem.of(
          HttpStatus.GONE,
          "sign_in_link_expired",
          "This link has expired. On the server's machine, ./bell admin link prints a new one.");
    }
    int usedNow =
        jdbc.sql("UPDATE sign_in_link SET used_at = ? WHERE id = ? AND used_at IS NULL")
            .params(Timestamp.from(now), link.id())
            .update();
    if (usedNow == 0) {
      throw invalid();
    }
    audit.record(
        new AuditEntry(
            link.organisation(),
            new Actor.Member(link.member()),
            "session.begun",
            link.member().toString(),
            Map.of("by", "link")));
    return sessions.begin(link.organisation(), link.member(), Sessions.Begun.BY_LINK);
  }

  private static Problem invalid() {
    return Problem.of(
        HttpStatus.GONE,
        "sign_in_link_used",
        "This link was used, replaced or mistyped. On the server's machine, ./bell admin link prints a new one.");
  }

  Token byPassword(String email, String password, String address) {
    String name = email.strip().toLowerCase(Locale.ROOT);
    String here = address + " " + name;
    refuseImpatience(throttle.wait(here, FAILURES_PER_ADDRESS));
    refuseImpatience(throttle.wait(name, FAILURES_PER_EMAIL));
    // Counted before the slow check, so that many at once do not pass together.
    throttle.failed(here);
    throttle.failed(name);
    List<Member> members = named(name);
    boolean[] checked = {false};
    Optional<Member> member =
        members.stream()
            .filter(candidate -> {
              checked[0] = true;
              return passwords.matches(password, candidate.passwordHash());
            })
            .findFirst();
    if (!checked[0]) {
      var _ = passwords.matches(password, null);
    }
    if (member.isEmpty()) {
      members.forEach(this::recordFailure);
      throw Problem.of(
          HttpStatus.UNAUTHORIZED, "sign_in_failed", "E-mail and password do not fit together.");
    }
    throttle.succeeded(here);
    throttle.succeeded(name);
    return begin(member.get());
  }

  private Token begin(Member member) {
    return tenants.in(
        member.organisation(),
        () -> {
          audit.record(
              new AuditEntry(
                  member.organisation(),
                  new Actor.Member(member.id()),
                  "session.begun",
                  member.id().toString(),
                  Map.of("by", "password")));
          return sessions.begin(member.organisation(), member.id(), Sessions.Begun.BY_PASSWORD);
        });
  }

  private void recordFailure(Member member) {
    tenants.in(
        member.organisation(),
        () -> {
          audit.record(
              new AuditEntry(
                  member.organisation(), new Actor.Stranger(), "session.refused", member.id()));
          return true;
        });
  }

  private static void refuseImpatience(Optional<java.time.Duration> wait) {
    if (wait.isPresent()) {
      throw Problem.tooMany(
          "too_many_attempts",
          "Too many failed attempts. Wait as long as Retry-After says.",
          wait.get());
    }
  }

  /** A person may be in several organisations; more than a few are not tried. */
  private List<Member> named(String email) {
    return tenants.presenting(
        email,
        () ->
            jdbc.sql(
                    """
                    SELECT id, organisation_id, password_hash FROM member
                    WHERE email = ? AND password_hash IS NOT NULL ORDER BY id LIMIT 3
                    """)
                .params(email)
                .query(Member::of)
                .list());
  }

  private record Member(UUID id, UUID organisation, @Nullable String passwordHash) {
    static Member of(ResultSet row, int ignored) throws SQLException {
      return new Member(
          row.getObject("id", UUID.class),
          row.getObject("organisation_id", UUID.class),
          row.getString("password_hash"));
    }
  }

  private record Link(
      UUID id, UUID organisation, UUID member, Instant expiresAt, @Nullable Timestamp usedAt) {
    static Link of(ResultSet row, int ignored) throws SQLException {
      return new Link(
          row.getObject("id", UUID.class),
          row.getObject("organisation_id", UUID.class),
          row.getObject("member_id", UUID.class),
          row.getTimestamp("expires_at").toInstant(),
          row.getTimestamp("used_at"));
    }
  }
}
