package io.bellfounder.server.identity;

import io.bellfounder.server.audit.Actor;
import io.bellfounder.server.audit.AuditChain;
import io.bellfounder.server.audit.AuditEntry;
import io.bellfounder.server.tenant.TimeOrderedIds;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.UUID;

/**
 * Makes one-time sign-in links on a plain connection, for the server's start and for the command
 * line. A member has one at most that is unused: a new one replaces it. The token is in the link's
 * fragment, which browsers send to no server.
 */
record NewLink(InstantSource clock, SecureRandom random, TimeOrderedIds ids) {

  /** Where the console takes a token. */
  static String at(String baseUrl, Token token) {
    return baseUrl + "/sign-in#token=" + token.text();
  }

  /** In the connection's transaction, which already names the organisation. */
  Token make(Connection connection, UUID organisation, UUID member, Actor actor, Duration valid)
      throws SQLException {
    Token token = Token.random(random);
    Instant now = clock.instant();
    try (PreparedStatement delete =
        connection.prepareStatement(
            "DELETE FROM sign_in_link WHERE member_id = ? AND used_at IS NULL")) {
      delete.setObject(1, member);
      delete.executeUpdate();
    }
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO sign_in_link (id, organisation_id, member_id, token_hash, created_at, expires_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """)) {
      insert.setObject(1, ids.get());
      insert.setObject(2, organisation);
      insert.setObject(3, member);
      insert.setBytes(4, token.hash());
      insert.setObject(5, now.atOffset(ZoneOffset.UTC));
      insert.setObject(6, now.plus(valid).atOffset(ZoneOffset.UTC));
      insert.executeUpdate();
    }
    new AuditChain(connection)
        .append(new AuditEntry(organisation, actor, "sign_in_link.made", member), now);
    return token;
  }
}
