package io.bellfounder.server.audit;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The chain of an organisation's records, on a plain connection that already stands in a
 * transaction of that organisation. Each record's hash covers the one before, so that a record that
 * was changed, taken out or slipped in shows.
 */
public final class AuditChain {
  private static final byte[] BEGINNING = new byte[32];

  private final Connection connection;

  public AuditChain(Connection connection) {
    this.connection = connection;
  }

  /** Appends; two transactions that do so wait for each other. */
  public void append(AuditEntry entry, Instant now) throws SQLException {
    lock(entry.organisation());
    Link last = last(entry.organisation());
    Instant at = now.truncatedTo(ChronoUnit.MICROS);
    Row row =
        new Row(
            entry.organisation(),
            last.sequence() + 1,
            at,
            kind(entry.actor()),
            entry.actor() instanceof Actor.Member member ? member.id().toString() : null,
            entry.action(),
            entry.subject(),
            entry.detail().entrySet().stream()
                .map(e -> e.getKey() + "=" + e.getValue())
                .collect(Collectors.joining("\n")));
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO audit_record (organisation_id, sequence, at, actor_kind, actor_id, action, subject, detail,
                previous_hash, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)) {
      insert.setObject(1, row.organisation());
      insert.setLong(2, row.sequence());
      insert.setObject(3, row.at().atOffset(ZoneOffset.UTC));
      insert.setString(4, row.actorKind());
      insert.setString(5, row.actorId());
      insert.setString(6, row.action());
      insert.setString(7, row.subject());
      insert.setString(8, row.detail());
      insert.setBytes(9, last.hash());
      insert.setBytes(10, hash(last.hash(), row));
      insert.executeUpdate();
    }
  }

  /** The first record that does not fit, or empty if the whole chain holds. */
  public OptionalLong firstBroken(UUID organisation) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT sequence, at, actor_kind, actor_id, action, subject, detail, previous_hash, hash
            FROM audit_record WHERE organisation_id = ? ORDER BY sequence
            """)) {
      query.setObject(1, organisation);
      query.setFetchSize(1000);
      try (ResultSet rows = query.executeQuery()) {
        Link before = new Link(0, BEGINNING);
        while (rows.next()) {
          Row row =
              new Row(
                  organisation,
                  rows.getLong("sequence"),
                  rows.getObject("at", java.time.OffsetDateTime.class).toInstant(),
                  rows.getString("actor_kind"),
                  rows.getString("actor_id"),
                  rows.getString("action"),
                  rows.getString("subject"),
                  rows.getString("detail"));
          byte[] hash = rows.getBytes("hash");
          if (row.sequence() != before.sequence() + 1
              || !Arrays.equals(before.hash(), rows.getBytes("previous_hash"))
              || !Arrays.equals(hash, hash(before.hash(), row))) {
            return OptionalLong.of(row.sequence());
          }
          before = new Link(row.sequence(), hash);
        }
      }
    }
    return OptionalLong.empty();
  }

  private void lock(UUID organisation) throws SQLException {
    try (PreparedStatement lock =
        connection.prepareStatement("SELECT pg_advisory_xact_lock(hashtextextended(?, 4740022))")) {
      lock.setString(1, organisation.toString());
      lock.execute();
    }
  }

  private Link last(UUID organisation) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT sequence, hash FROM audit_record WHERE organisation_id = ? ORDER BY sequence DESC LIMIT 1
            """)) {
      query.setObject(1, organisation);
      try (ResultSet rows = query.executeQuery()) {
        return rows.next() ? new Link(rows.getLong(1), rows.getBytes(2)) : new Link(0, BEGINNING);
      }
    }
  }

  private static String kind(Actor actor) {
    return switch (actor) {
      case Actor.Member _ -> "member";
      case Actor.Operator _ -> "operator";
      case Actor.Server _ -> "server";
      case Actor.Stranger _ -> "stranger";
    };
  }

  /** Lengths before texts, so that no two records have the same bytes. */
  private static byte[] hash(byte[] previous, Row row) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.write(previous);
      out.writeLong(row.organisation().getMostSignificantBits());
      out.writeLong(row.organisation().getLeastSignificantBits());
      out.writeLong(row.sequence());
      out.writeLong(row.at().getEpochSecond());
      out.writeInt(row.at().getNano());
      for (@Nullable String text :
          Arrays.<@Nullable String>asList(
              row.actorKind(), row.actorId(), row.action(), row.subject(), row.detail())) {
        byte[] utf8 = text == null ? new byte[0] : text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(text == null ? -1 : utf8.length);
        out.write(utf8);
      }
      out.flush();
      return MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Link(long sequence, byte[] hash) {}

  private record Row(
      UUID organisation,
      long sequence,
      Instant at,
      String actorKind,
      @Nullable String actorId,
      String action,
      String subject,
      String detail) {}
}
