package io.bellfounder.server.api;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;

/** An answer that is not the wished one, for a person and for a program. Carries no secret. */
public final class Problem extends RuntimeException {
  private final HttpStatus status;
  private final String code;
  private final List<FieldError> errors;
  private final @Nullable Duration retryAfter;

  private Problem(
      HttpStatus status,
      String code,
      String detail,
      List<FieldError> errors,
      @Nullable Duration retryAfter) {
    super(detail, null, false, false);
    this.status = status;
    this.code = code;
    this.errors = List.copyOf(errors);
    this.retryAfter = retryAfter;
  }

  /**
   * @param code stable, in snake case
   * @param detail one sentence that says what to do
   */
  public static Problem of(HttpStatus status, String code, String detail) {
    return new Problem(status, code, detail, List.of(), null);
  }

  /** The organisation of the caller has no such thing. */
  public static Problem notFound(String what) {
    return of(HttpStatus.NOT_FOUND, "not_found", "There is no such " + what + ".");
  }

  /** Values that are out of their range. */
  public static Problem invalid(FieldError... errors) {
    return new Problem(
        HttpStatus.UNPROCESSABLE_CONTENT,
        "validation_failed",
        "Some values cannot be taken: see errors.",
        List.of(errors),
        null);
  }

  public static Problem invalid(String field, String message) {
    return invalid(new FieldError(field, message));
  }

  public static Problem tooMany(String code, String detail, Duration retryAfter) {
    return new Problem(HttpStatus.TOO_MANY_REQUESTS, code, detail, List.of(), retryAfter);
  }

  /** A part of ours is away and comes back by itself. */
  public static Problem away(String code, String detail, Duration retryAfter) {
    return new Problem(HttpStatus.SERVICE_UNAVAILABLE, code, detail, List.of(), retryAfter);
  }

  HttpStatus status() {
    return status;
  }

  String code() {
    return code;
  }

  String detail() {
    return String.valueOf(getMessage());
  }

  List<FieldError> errors() {
    return errors;
  }

  @Nullable Duration retryAfter() {
    return retryAfter;
  }

  /** One value that cannot be taken. */
  public record FieldError(String field, String message) {}
}
