package io.bellfounder.server.identity;

import java.util.Locale;

/** What a member may do in their organisation. */
public enum Role {
  OWNER,
  ADMIN,
  MEMBER,
  BILLING;

  static Role of(String stored) {
    return valueOf(stored.toUpperCase(Locale.ROOT));
  }

  String shown() {
    return name().toLowerCase(Locale.ROOT);
  }
}
