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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/** From a link or a password to a session. */
@Component
final class SignIn {
  private static final Logger LOG = LoggerFactory.getLogger(SignIn.class);
  private static final int FAILURES_PER_ADDRESS_AND_EMAIL = 5;
  private static final int FAILURES_PER_EMAIL = 20;

  /** Whatever the e-mails: few passwords for many people, or work for the processor. */
  private static final int FAILURES_PER_ADDRESS = 50;

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
    // With different words before them, as a stranger may write anything for an e-mail.
    String both = "both " + address + " " + name;
    String anywhere = "email " + name;
    String anybody = "address " + address;
    throttle.refuseImpatience(both, FAILURES_PER_ADDRESS_AND_EMAIL);
    throttle.refuseImpatience(anywhere, FAILURES_PER_EMAIL);
    throttle.refuseImpatience(anybody, FAILURES_PER_ADDRESS);
    // Counted before the slow check, so that many at once do not pass together.
    List.of(both, anywhere, anybody).forEach(throttle::failed);
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
      // Beside the answer, whose time would tell a stranger which addresses have an account.
      Thread.ofVirtual().name("sign-in-refused").start(() -> recordFailures(members));
      throw Problem.of(
          HttpStatus.UNAUTHORIZED, "sign_in_failed", "E-mail and password do not fit together.");
    }
    List.of(both, anywhere).forEach(throttle::succeeded);
    throttle.takeBack(anybody);
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

  private void recordFailures(List<Member> members) {
    try {
      members.forEach(this::recordFailure);
    } catch (DataAccessException | TransactionException away) {
      LOG.warn("a refused sign-in is not in the audit log: {}", away.getMessage());
    }
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
