package io.bellfounder.server.identity;

import io.bellfounder.server.api.Problem;
import io.bellfounder.server.audit.AuditEntry;
import io.bellfounder.server.audit.AuditLog;
import io.bellfounder.server.identity.Profile.PasswordChange;
import io.bellfounder.server.tenant.Tenants;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** {@code /api/v1/session}: who is signed in, in and out. */
@RestController
@RequestMapping("/api/v1/session")
final class SessionEndpoints {
  private static final int SECRET_LENGTH_MAX = 1024;

  private final Sessions sessions;
  private final SignIn signIn;
  private final Profile profile;
  private final FirstLink firstLink;
  private final IdempotentWrites writes;
  private final Tenants tenants;
  private final AuditLog audit;

  SessionEndpoints(
      Sessions sessions,
      SignIn signIn,
      Profile profile,
      FirstLink firstLink,
      IdempotentWrites writes,
      Tenants tenants,
      AuditLog audit) {
    this.sessions = sessions;
    this.signIn = signIn;
    this.profile = profile;
    this.firstLink = firstLink;
    this.writes = writes;
    this.tenants = tenants;
    this.audit = audit;
  }

  /** Answers everybody. */
  @GetMapping
  ResponseEntity<SessionView> current(HttpServletRequest request) {
    return answer(SessionCookie.read(request).flatMap(sessions::find), null);
  }

  @PostMapping("/link")
  ResponseEntity<SessionView> byLink(HttpServletRequest request, @RequestBody LinkSignIn body) {
    return begun(request, signIn.byLink(new Token(required("token", body.token()))));
  }

  @PostMapping
  ResponseEntity<SessionView> byPassword(
      HttpServletRequest request, @RequestBody PasswordSignIn body) {
    return begun(
        request,
        signIn.byPassword(
            required("email", body.email()),
            required("password", body.password()),
            request.getRemoteAddr()));
  }

  @DeleteMapping
  @ResponseStatus(HttpStatus.NO_CONTENT)
  ResponseEntity<Void> end(HttpServletRequest request) {
    SessionCookie.read(request)
        .flatMap(sessions::find)
        .ifPresent(caller ->
            tenants.in(
                caller.organisationId(),
                () -> {
                  sessions.end(caller);
                  audit.record(
                      new AuditEntry(
                          caller.organisationId(),
                          caller.actor(),
                          "session.ended",
                          caller.memberId()));
                  return true;
                }));
    return ResponseEntity.noContent()
        .header(HttpHeaders.SET_COOKIE, SessionCookie.clear(request))
        .build();
  }

  @PutMapping("/password")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  ResponseEntity<Void> password(
      Caller caller,
      @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String key,
      @RequestBody PasswordChange change) {
    return writes.once(
        caller,
        key,
        "PUT /session/password",
        change,
        Void.class,
        () -> {
          profile.change(caller, change);
          return ResponseEntity.noContent().build();
        });
  }

  private ResponseEntity<SessionView> begun(HttpServletRequest request, Token token) {
    return answer(sessions.find(token), SessionCookie.set(request, token));
  }

  private ResponseEntity<SessionView> answer(Optional<Caller> caller, @Nullable String cookie) {
    var answer = ResponseEntity.ok().header(HttpHeaders.CACHE_CONTROL, "no-store");
    if (cookie != null) {
      answer.header(HttpHeaders.SET_COOKIE, cookie);
    }
    boolean setupRequired =
        caller.map(c -> !c.passwordSet()).orElse(false) || firstLink.setupRequired();
    return answer.body(SessionView.of(caller.orElse(null), setupRequired));
  }

  private static String required(String field, @Nullable String value) {
    if (value == null || value.isEmpty() || value.length() > SECRET_LENGTH_MAX) {
      throw Problem.invalid(field, "is missing or too long");
    }
    return value;
  }

  record LinkSignIn(@Nullable String token) {
    @Override
    public String toString() {
      return "LinkSignIn[***]";
    }
  }

  record PasswordSignIn(@Nullable String email, @Nullable String password) {
    @Override
    public String toString() {
      return "PasswordSignIn[***]";
    }
  }

  /**
   * @param setupRequired nobody has a password yet
   * @param passwordSet of the member who is signed in
   */
  record SessionView(
      boolean signedIn,
      boolean setupRequired,
      @Nullable MemberView member,
      @Nullable OrganisationView organisation,
      boolean passwordSet,
      String version) {
    static SessionView of(@Nullable Caller caller, boolean setupRequired) {
      return new SessionView(
          caller != null,
          setupRequired,
          caller == null
              ? null
              : new MemberView(
                  caller.memberId(), caller.email(), caller.name(), caller.role().shown()),
          caller == null
              ? null
              : new OrganisationView(caller.organisationId(), caller.organisationName()),
          caller != null && caller.passwordSet(),
          release());
    }

    private static String release() {
      String version = SessionEndpoints.class.getPackage().getImplementationVersion();
      return version == null ? "development" : version.replace("-SNAPSHOT", "");
    }
  }

  record MemberView(UUID id, String email, String name, String role) {}

  record OrganisationView(UUID id, String name) {}
}
