package io.bellfounder.server.api;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;

/** The one place where failures of our own API become answers. */
@RestControllerAdvice
@Order(Ordered.HIGHEST_PRECEDENCE)
class ProblemAnswers extends ResponseEntityExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(ProblemAnswers.class);

  /** Characters, ids and instants that PostgreSQL cannot store, by their SQLSTATE. */
  private static final Set<String> NO_SUCH_VALUE = Set.of("22008", "22021", "22P02");

  @ExceptionHandler
  ResponseEntity<Object> problem(Problem problem) {
    return answer(problem);
  }

  /** Fails closed: what cannot be read is not guessed. */
  @ExceptionHandler({
    CannotCreateTransactionException.class,
    DataAccessResourceFailureException.class,
    QueryTimeoutException.class,
    TransientDataAccessException.class,
    TransactionSystemException.class
  })
  ResponseEntity<Object> databaseAway(Exception failure) {
    LOG.warn("a request failed because the database is away: {}", failure.getMessage());
    return answer(
        Problem.away(
            "database_unavailable",
            "The database does not answer. Calls to models are served without it and nothing is lost; try again shortly. On the server, ./bell doctor says more.",
            Duration.ofSeconds(2)));
  }

  /** Nothing else knows all that PostgreSQL does not take, such as a NUL within a text. */
  @ExceptionHandler
  ResponseEntity<Object> refusedValue(DataIntegrityViolationException failure) {
    boolean ofTheCaller =
        failure.getMostSpecificCause() instanceof SQLException refusal
            && NO_SUCH_VALUE.contains(String.valueOf(refusal.getSQLState()));
    return ofTheCaller
        ? answer(
            Problem.of(
                HttpStatus.BAD_REQUEST, "bad_request", "A parameter is missing or malformed."))
        : unexpected(failure);
  }

  @ExceptionHandler
  ResponseEntity<Object> unexpected(Exception failure) {
    LOG.error("a request failed unexpectedly", failure);
    return answer(
        Problem.of(
            HttpStatus.INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something is wrong on our side. The log has more under this request id."));
  }

  @Override
  protected @Nullable ResponseEntity<Object> handleHttpMessageNotReadable(
      HttpMessageNotReadableException failure,
      HttpHeaders headers,
      HttpStatusCode status,
      WebRequest request) {
    return answer(
        Problem.of(
            HttpStatus.BAD_REQUEST,
            "malformed_json",
            "The body is not the JSON object that this endpoint takes."));
  }

  @Override
  protected @Nullable ResponseEntity<Object> handleTypeMismatch(
      org.springframework.beans.TypeMismatchException failure,
      HttpHeaders headers,
      HttpStatusCode status,
      WebRequest request) {
    String field =
        failure instanceof MethodArgumentTypeMismatchException mismatch
            ? mismatch.getName()
            : String.valueOf(failure.getPropertyName());
    boolean inPath = request.getDescription(false).contains("/" + failure.getValue());
    return answer(
        inPath
            ? Problem.notFound("resource")
            : Problem.invalid(field, "is not in the form this parameter has"));
  }

  /** What Spring itself refuses: unknown paths, methods, media types, missing parameters. */
  @Override
  protected @Nullable ResponseEntity<Object> handleExceptionInternal(
      Exception failure,
      @Nullable Object body,
      HttpHeaders headers,
      HttpStatusCode statusCode,
      WebRequest request) {
    HttpStatus status = HttpStatus.valueOf(statusCode.value());
    Problem problem =
        switch (status) {
          case NOT_FOUND -> Problem.notFound("resource");
          case METHOD_NOT_ALLOWED ->
              Problem.of(status, "method_not_allowed", "This resource does not take that method.");
          case UNSUPPORTED_MEDIA_TYPE ->
              Problem.of(status, "unsupported_media_type", "Send application/json.");
          case NOT_ACCEPTABLE ->
              Problem.of(status, "not_acceptable", "This resource has no such form.");
          case BAD_REQUEST ->
              Problem.of(status, "bad_request", "A parameter is missing or malformed.");
          default -> {
            LOG.error("a request failed", failure);
            yield Problem.of(status, "internal_error", "The log has more under this request id.");
          }
        };
    ResponseEntity<Object> answer = answer(problem);
    HttpHeaders all = new HttpHeaders();
    all.putAll(headers);
    all.putAll(answer.getHeaders());
    return new ResponseEntity<>(answer.getBody(), all, status);
  }

  private static ResponseEntity<Object> answer(Problem problem) {
    return ProblemDocument.answer(problem, MDC.get("requestId"));
  }
}
