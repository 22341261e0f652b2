package io.bellfounder.server.identity;

import io.bellfounder.server.api.Problem;
import io.bellfounder.server.api.Problem.FieldError;
import io.bellfounder.server.audit.AuditEntry;
import io.bellfounder.server.audit.AuditLog;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** A member's own password, e-mail and name. */
@Component
final class Profile {
  private static final Pattern EMAIL = Pattern.compile("[^\\s@]{1,64}@[^\\s@]{1,189}");
  private static final int PASSWORD_MIN = 12;
  private static final int PASSWORD_MAX = 200;
  private static final int NAME_MAX = 100;
  private static final int FAILURES_PER_MEMBER = 5;

  private final JdbcClient jdbc;
  private final Sessions sessions;
  private final Passwords passwords;
  private final AuditLog audit;
  private final Throttle throttle;

  Profile(
      JdbcClient jdbc,
      Sessions sessions,
      Passwords passwords,
      AuditLog audit,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.sessions = sessions;
    this.passwords = passwords;
    this.audit = audit;
    this.throttle = new Throttle(clock);
  }

  /** In the transaction that is under way. Ends the member's other sessions. */
  void change(Caller caller, PasswordChange change) {
    List<FieldError> errors = check(change);
    if (!errors.isEmpty()) {
      throw Problem.invalid(errors.toArray(FieldError[]::new));
    }
    if (caller.passwordSet()) {
      requireCurrent(caller, change.currentPassword());
    }
    try {
      jdbc.sql(
              """
              UPDATE member SET password_hash = ?, email = coalesce(?, email), name = coalesce(?, name) WHERE id = ?
              """)
          .param(1, passwords.hash(String.valueOf(change.password())))
          .param(2, change.email() == null ? null : change.email().strip().toLowerCase(Locale.ROOT))
          .param(3, change.name() == null ? null : change.name().strip())
          .param(4, caller.memberId())
          .update();
    } catch (DuplicateKeyException taken) {
      throw Problem.invalid("email", "belongs to another member");
    }
    jdbc.sql("DELETE FROM sign_in_link WHERE member_id = ?").params(caller.memberId()).update();
    sessions.passwordChosen(caller);
    audit.record(
        new AuditEntry(
            caller.organisationId(),
            caller.actor(),
            "password.set",
            caller.memberId().toString(),
            change.email() == null ? Map.of() : Map.of("email", "changed")));
  }

  /** Whoever found an open browser, or stole its cookie, may guess no faster than at sign-in. */
  private void requireCurrent(Caller caller, @Nullable String claimed) {
    String member = caller.memberId().toString();
    throttle.refuseImpatience(member, FAILURES_PER_MEMBER);
    throttle.failed(member);
    String current =
        jdbc.sql("SELECT password_hash FROM member WHERE id = ? FOR UPDATE")
            .params(caller.memberId())
            .query((row, _) -> String.valueOf(row.getString(1)))
            .single();
    if (claimed == null || !passwords.matches(claimed, current)) {
      throw Problem.of(
          HttpStatus.FORBIDDEN, "current_password_wrong", "The current password does not fit.");
    }
    throttle.succeeded(member);
  }

  private static List<FieldError> check(PasswordChange change) {
    List<FieldError> errors = new ArrayList<>();
    String password = change.password();
    int length = password == null ? 0 : password.codePointCount(0, password.length());
    if (length < PASSWORD_MIN || length > PASSWORD_MAX) {
      errors.add(
          new FieldError(
              "password", "must have " + PASSWORD_MIN + " to " + PASSWORD_MAX + " characters"));
    }
    if (change.email() != null && !isEmail(change.email().strip())) {
      errors.add(new FieldError("email", "is not an e-mail address"));
    }
    if (change.name() != null
        && (change.name().isBlank() || change.name().strip().length() > NAME_MAX)) {
      errors.add(new FieldError("name", "must have 1 to " + NAME_MAX + " characters"));
    }
    return errors;
  }

  static boolean isEmail(String text) {
    return EMAIL.matcher(text).matches();
  }

  /** The body of {@code PUT /session/password}; what is left out stays. */
  record PasswordChange(
      @Nullable String password,
      @Nullable String email,
      @Nullable String name,
      @Nullable String currentPassword) {
    @Override
    public String toString() {
      return "PasswordChange[***]";
    }
  }
}
