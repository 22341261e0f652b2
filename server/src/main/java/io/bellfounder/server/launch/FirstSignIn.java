package io.bellfounder.server.launch;

import java.util.Optional;

/** Knows whether somebody must still sign in for the first time. */
public interface FirstSignIn {
  /**
   * A new one-time link for the administrator, or empty if there is one with a password already.
   * Called once the database is migrated.
   *
   * @param baseUrl what links begin with, without a slash at the end
   */
  Optional<String> link(String baseUrl);
}
