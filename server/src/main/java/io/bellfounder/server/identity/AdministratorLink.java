package io.bellfounder.server.identity;

import io.bellfounder.server.audit.Actor;
import io.bellfounder.server.audit.AuditChain;
import io.bellfounder.server.audit.AuditEntry;
import io.bellfounder.server.launch.LaunchRefused;
import io.bellfounder.server.tenant.TimeOrderedIds;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The way on for an organisation whose administrator has lost the password: whoever may read the
 * server's master key makes a one-time link, on a plain connection, also beside a running server.
 * The old password counts until the new one is chosen.
 */
public final class AdministratorLink {
  /** How long a link can be used. */
  public static final Duration VALID = Duration.ofHours(1);

  private static final int LISTED_MAX = 20;
  private static final int ADMINISTRATORS_MAX = 1000;
  private static final String UNIQUE_VIOLATION = "23505";

  private final Connection connection;
  private final InstantSource clock;
  private final TimeOrderedIds ids;
  private final NewLink links;

  private AdministratorLink(Connection connection, InstantSource clock, SecureRandom random) {
    this.connection = connection;
    this.clock = clock;
    this.ids = new TimeOrderedIds(clock, random);
    this.links = new NewLink(clock, random, ids);
  }

  /**
   * Whom the link is for.
   *
   * @param email {@code null} if there is one administrator only
   * @param organisation name or id; {@code null} if one only comes into question
   * @param fresh makes a new administrator with this address
   */
  public record Wanted(@Nullable String email, @Nullable String organisation, boolean fresh) {
    public Wanted {
      email = email == null ? null : email.strip().toLowerCase(Locale.ROOT);
      organisation = organisation == null ? null : organisation.strip();
    }
  }

  /** The link, and for whom it is, in words. */
  public record Made(String link, String whom) {}

  /**
   * Makes the link in a transaction of its own.
   *
   * @param connection as the application's role; left open
   * @param random also of what is secret in the link
   * @param baseUrl what links begin with, without a slash at the end
   * @throws LaunchRefused if nobody or more than one is meant; it names who there is
   */
  public static Made byOperator(
      Connection connection,
      InstantSource clock,
      SecureRandom random,
      String baseUrl,
      Wanted wanted)
      throws SQLException {
    connection.setAutoCommit(false);
    try {
      Made made = new AdministratorLink(connection, clock, random).make(baseUrl, wanted);
      connection.commit();
      return made;
    } catch (SQLException | RuntimeException e) {
      connection.rollback();
      throw e;
    }
  }

  private Made make(String baseUrl, Wanted wanted) throws SQLException {
    set("app.task", "administrators");
    List<Organisation> organisations = organisations(wanted.organisation());
    List<Administrator> administrators = administrators(organisations);
    Administrator of =
        wanted.fresh()
            ? create(wanted, organisations, administrators)
            : chosen(wanted, administrators);
    set("app.organisation", of.organisation().id().toString());
    Token token =
        links.make(connection, of.organisation().id(), of.id(), new Actor.Operator(), VALID);
    return new Made(NewLink.at(baseUrl, token), of.words());
  }

  private static Administrator chosen(Wanted wanted, List<Administrator> administrators) {
    List<Administrator> fitting =
        administrators.stream()
            .filter(one -> wanted.email() == null || one.email().equals(wanted.email()))
            .toList();
    if (fitting.size() == 1) {
      return fitting.getFirst();
    }
    if (administrators.isEmpty()) {
      throw new LaunchRefused(
          "there is no administrator yet: --new with --email ADDRESS makes one");
    }
    if (fitting.isEmpty()) {
      throw new LaunchRefused(
          "no administrator has the address %s; there %s. --new makes another one."
              .formatted(wanted.email(), listed(administrators)));
    }
    throw new LaunchRefused(
        "it is not clear for whom: say it with --email%s. There %s."
            .formatted(
                fitting.stream().map(Administrator::organisation).distinct().count() > 1
                    ? " and --organisation"
                    : "",
                listed(fitting)));
  }

  private Administrator create(
      Wanted wanted, List<Organisation> organisations, List<Administrator> administrators)
      throws SQLException {
    String email = wanted.email();
    if (email == null || !Profile.isEmail(email)) {
      throw new LaunchRefused("--new needs --email with the new administrator's e-mail address");
    }
    if (organisations.size() > 1) {
      throw new LaunchRefused(
          "it is not clear in which organisation: say it with --organisation. There are: "
              + names(organisations));
    }
    Organisation in = organisations.getFirst();
    if (administrators.stream().anyMatch(one -> one.email().equals(email))) {
      throw new LaunchRefused(
          email + " is an administrator of " + in.name() + " already: leave --new out");
    }
    if (administrators.size() >= ADMINISTRATORS_MAX) {
      throw new LaunchRefused(
          in.name() + " has " + ADMINISTRATORS_MAX + " administrators, and may have no more");
    }
    var fresh = new Administrator(ids.get(), in, email, email, Role.ADMIN);
    set("app.organisation", in.id().toString());
    insert(fresh);
    new AuditChain(connection)
        .append(
            new AuditEntry(
                in.id(),
                new Actor.Operator(),
                "member.created",
                fresh.id().toString(),
                Map.of("role", Role.ADMIN.shown())),
            clock.instant());
    return fresh;
  }

  private void insert(Administrator fresh) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO member (id, organisation_id, email, name, role, created_at) VALUES (?, ?, ?, ?, ?, ?)
            """)) {
      insert.setObject(1, fresh.id());
      insert.setObject(2, fresh.organisation().id());
      insert.setString(3, fresh.email());
      insert.setString(
          4, fresh.name().length() > 100 ? fresh.name().substring(0, 100) : fresh.name());
      insert.setString(5, fresh.role().shown());
      insert.setObject(6, clock.instant().atOffset(ZoneOffset.UTC));
      insert.executeUpdate();
    } catch (SQLException e) {
      if (!UNIQUE_VIOLATION.equals(e.getSQLState())) {
        throw e;
      }
      throw new LaunchRefused(
          "%s belongs to a member of %s who is no administrator: choose another address"
              .formatted(fresh.email(), fresh.organisation().name()),
          e);
    }
  }

  /** Those of this name or id; all if none is named. */
  private List<Organisation> organisations(@Nullable String wanted) throws SQLException {
    List<Organisation> all = new ArrayList<>();
    try (PreparedStatement query =
            connection.prepareStatement(
                "SELECT id, name FROM organisation ORDER BY created_at, id");
        ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        all.add(new Organisation(rows.getObject("id", UUID.class), rows.getString("name")));
      }
    }
    List<Organisation> fitting =
        all.stream()
            .filter(one ->
                wanted == null || one.name().equals(wanted) || one.id().toString().equals(wanted))
            .toList();
    if (fitting.isEmpty()) {
      throw new LaunchRefused(
          "there is no organisation %s; there are: %s".formatted(wanted, names(all)));
    }
    return fitting;
  }

  private List<Administrator> administrators(List<Organisation> organisations) throws SQLException {
    Map<UUID, Organisation> byId =
        organisations.stream().collect(Collectors.toMap(Organisation::id, one -> one));
    List<Administrator> found = new ArrayList<>();
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT id, organisation_id, email, name, role FROM member
            WHERE role IN ('owner', 'admin') AND organisation_id = ANY (?) ORDER BY created_at, id
            """)) {
      query.setArray(1, connection.createArrayOf("uuid", byId.keySet().toArray()));
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          found.add(
              new Administrator(
                  rows.getObject("id", UUID.class),
                  Objects.requireNonNull(byId.get(rows.getObject("organisation_id", UUID.class))),
                  rows.getString("email"),
                  rows.getString("name"),
                  Role.of(rows.getString("role"))));
        }
      }
    }
    return found;
  }

  private void set(String setting, String value) throws SQLException {
    try (PreparedStatement set = connection.prepareStatement("SELECT set_config(?, ?, true)")) {
      set.setString(1, setting);
      set.setString(2, value);
      set.execute();
    }
  }

  private static String listed(List<Administrator> all) {
    String named =
        all.stream().limit(LISTED_MAX).map(Administrator::words).collect(Collectors.joining("; "));
    return (all.size() == 1 ? "is: " : "are: ")
        + named
        + (all.size() > LISTED_MAX ? "; and " + (all.size() - LISTED_MAX) + " more" : "");
  }

  private static String names(List<Organisation> all) {
    return all.stream()
        .limit(LISTED_MAX)
        .map(one -> one.name() + " (" + one.id() + ")")
        .collect(Collectors.joining("; "));
  }

  private record Organisation(UUID id, String name) {}

  private record Administrator(
      UUID id, Organisation organisation, String email, String name, Role role) {
    String words() {
      return "%s (%s, %s of %s)".formatted(email, name, role.shown(), organisation.name());
    }
  }
}
