package io.bellfounder.server.identity;

import io.bellfounder.server.api.Problem;
import io.bellfounder.server.audit.Actor;
import java.util.UUID;
import org.springframework.http.HttpStatus;

/**
 * The signed-in member a request comes from. An endpoint that has a parameter of this type is
 * closed to everybody else.
 *
 * @param sessionId the session that signed the request
 * @param passwordSet false if a password is to be chosen before anything else: there is none, or
 *     the session was begun with a one-time link
 */
public record Caller(
    UUID sessionId,
    UUID organisationId,
    String organisationName,
    UUID memberId,
    String email,
    String name,
    Role role,
    boolean passwordSet) {

  public Actor actor() {
    return new Actor.Member(memberId);
  }

  /** Refuses roles that may only look. */
  public void mustManageKeys() {
    if (role == Role.BILLING) {
      throw Problem.of(
          HttpStatus.FORBIDDEN, "forbidden", "The billing role may look at keys, not change them.");
    }
  }
}
