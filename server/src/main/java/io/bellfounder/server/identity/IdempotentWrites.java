package io.bellfounder.server.identity;

import io.bellfounder.server.api.Problem;
import io.bellfounder.server.launch.MasterKey;
import io.bellfounder.server.tenant.Tenants;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Supplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes that are done once however often they are sent. With an {@code Idempotency-Key} the answer
 * is kept for a day, in the transaction of the change, sealed under the master key because it may
 * hold a new key's secret. The same key with another body is a 409.
 */
@Component
public final class IdempotentWrites {
  private static final Duration KEPT = Duration.ofDays(1);
  private static final int KEY_LENGTH_MAX = 255;

  /** A member's records beyond this many go, oldest first. */
  private static final int RECORDS_MAX = 1000;

  private final JdbcClient jdbc;
  private final Tenants tenants;
  private final JsonMapper json;
  private final InstantSource clock;
  private final Sealing sealing;
  private final SecretKeySpec fingerprints;

  IdempotentWrites(
      JdbcClient jdbc,
      Tenants tenants,
      JsonMapper json,
      InstantSource clock,
      MasterKey masterKey,
      SecureRandom random) {
    this.jdbc = jdbc;
    this.tenants = tenants;
    this.json = json;
    this.clock = clock;
    this.sealing = new Sealing(masterKey, "idempotency", random);
    this.fingerprints =
        new SecretKeySpec(masterKey.derive("idempotency fingerprint"), "HmacSHA256");
  }

  /**
   * Does the work in a transaction of the caller's organisation, or repeats the answer it gave.
   *
   * @param what method and path
   * @param body what was asked for; {@code null} without a body
   * @param answer the answer's type; {@link Void} for one without a body
   */
  public <T> ResponseEntity<T> once(
      Caller caller,
      @Nullable String key,
      String what,
      @Nullable Object body,
      Class<T> answer,
      Supplier<ResponseEntity<T>> work) {
    if (key == null) {
      return tenants.in(caller.organisationId(), work);
    }
    if (key.isBlank() || key.length() > KEY_LENGTH_MAX) {
      throw Problem.invalid("Idempotency-Key", "must have 1 to 255 characters");
    }
    byte[] request = fingerprint(what + "\n" + json.writeValueAsString(body));
    return tenants.in(caller.organisationId(), () -> onceIn(caller, key, request, answer, work));
  }

  private <T> ResponseEntity<T> onceIn(
      Caller caller, String key, byte[] request, Class<T> type, Supplier<ResponseEntity<T>> work) {
    Instant now = clock.instant();
    forget(caller, now);
    // A second transaction with this key waits here for the first one's end.
    int fresh =
        jdbc.sql(
                """
                INSERT INTO idempotency_record (organisation_id, member_id, key, request_hash, created_at)
                VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """)
            .params(caller.organisationId(), caller.memberId(), key, request, Timestamp.from(now))
            .update();
    if (fresh == 0) {
      return repeat(caller, key, request, type);
    }
    ResponseEntity<T> answer = work.get();
    byte[] text = answer.getBody() == null ? new byte[0] : json.writeValueAsBytes(answer.getBody());
    jdbc.sql("UPDATE idempotency_record SET status = ?, answer = ? WHERE member_id = ? AND key = ?")
        .params(answer.getStatusCode().value(), sealing.seal(text), caller.memberId(), key)
        .update();
    return answer;
  }

  private <T> ResponseEntity<T> repeat(Caller caller, String key, byte[] request, Class<T> type) {
    Kept kept =
        jdbc.sql(
                "SELECT request_hash, status, answer FROM idempotency_record WHERE member_id = ? AND key = ?")
            .params(caller.memberId(), key)
            .query((row, _) -> new Kept(row.getBytes(1), row.getInt(2), row.getBytes(3)))
            .single();
    if (!MessageDigest.isEqual(kept.request(), request)) {
      throw Problem.of(
          HttpStatus.CONFLICT,
          "idempotency_key_reused",
          "This Idempotency-Key was used for another request. Take a new one.");
    }
    try {
      byte[] text = sealing.open(kept.answer());
      var answer =
          ResponseEntity.status(kept.status())
              .header("idempotent-replayed", "true")
              .header("cache-control", "no-store");
      return text.length == 0
          ? answer.build()
          : answer.contentType(MediaType.APPLICATION_JSON).body(json.readValue(text, type));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a kept answer does not open under this master key", e);
    }
  }

  private void forget(Caller caller, Instant now) {
    jdbc.sql(
            """
            DELETE FROM idempotency_record WHERE member_id = ? AND (created_at < ? OR created_at < (
                SELECT created_at FROM idempotency_record WHERE member_id = ?
                ORDER BY created_at DESC OFFSET ? LIMIT 1))
            """)
        .params(caller.memberId(), Timestamp.from(now.minus(KEPT)), caller.memberId(), RECORDS_MAX)
        .update();
  }

  /** Keyed: a body may hold a password, which a plain hash would let a thief of the row try out. */
  private byte[] fingerprint(String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(fingerprints);
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // Never compared as a whole.
  private record Kept(byte[] request, int status, byte[] answer) {}
}
