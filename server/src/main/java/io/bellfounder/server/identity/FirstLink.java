package io.bellfounder.server.identity;

import io.bellfounder.server.audit.Actor;
import io.bellfounder.server.launch.FirstSignIn;
import io.bellfounder.server.tenant.Tenants;
import io.bellfounder.server.tenant.TimeOrderedIds;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * The link with which the first organisation's owner signs in before there is a password. Valid for
 * a day, once, and replaced at every start.
 */
@Component
final class FirstLink implements FirstSignIn {
  private static final Duration VALID = Duration.ofDays(1);

  private final JdbcClient jdbc;
  private final Tenants tenants;
  private final JdbcTemplate template;
  private final NewLink links;

  FirstLink(
      JdbcClient jdbc,
      JdbcTemplate template,
      Tenants tenants,
      InstantSource clock,
      SecureRandom random,
      TimeOrderedIds ids) {
    this.jdbc = jdbc;
    this.template = template;
    this.tenants = tenants;
    this.links = new NewLink(clock, random, ids);
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
        Tenants.FIRST, () -> noOwnerHasPassword() ? Optional.of(fresh(baseUrl)) : Optional.empty());
  }

  private String fresh(String baseUrl) {
    UUID owner =
        jdbc.sql("SELECT id FROM member WHERE role = 'owner' ORDER BY created_at, id LIMIT 1")
            .query(UUID.class)
            .single();
    String made =
        template.execute(
            (ConnectionCallback<String>)
                connection ->
                    NewLink.at(
                        baseUrl,
                        links.make(connection, Tenants.FIRST, owner, new Actor.Server(), VALID)));
    return Objects.requireNonNull(made);
  }
}
