package io.bellfounder.simulator;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request as the simulator received it, and what became of it.
 *
 * @param number counted from 1 since the last reset
 * @param query without its question mark; empty if there is none
 * @param headers in the order and spelling of the wire
 * @param requestId the id that the answer carries
 * @param rule the name of the script's rule that answered; {@code null} for the default answer
 * @param status of the answer; 0 while none was sent
 * @param sentBytes of the answer's body, before HTTP framing
 * @param endedAfter from arrival to the end; {@code null} while it is open
 */
public record ReceivedRequest(
    long number,
    Instant receivedAt,
    String method,
    String path,
    String query,
    List<Header> headers,
    byte[] body,
    String requestId,
    @Nullable String rule,
    int status,
    long sentBytes,
    End end,
    @Nullable Duration endedAfter) {

  /** How an exchange ended. */
  public enum End {
    OPEN,
    /** All that was meant to be sent was sent, be it an answer or an error. */
    COMPLETE,
    /** The client left first. */
    CLIENT_LEFT,
    /** The script cut it. */
    CUT
  }

  /** The first header of that name, in any spelling. */
  public Optional<String> header(String name) {
    return headers.stream()
        .filter(header -> header.name().equalsIgnoreCase(name))
        .map(Header::value)
        .findFirst();
  }

  public String bodyText() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /** Of the body, in lower-case hexadecimal. */
  public String sha256() {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
    } catch (NoSuchAlgorithmException absent) {
      throw new IllegalStateException("every Java platform has SHA-256", absent);
    }
  }
}
