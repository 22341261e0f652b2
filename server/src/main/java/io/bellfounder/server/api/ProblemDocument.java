package io.bellfounder.server.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;

/** RFC 9457. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ProblemDocument(
    String type,
    String title,
    int status,
    String detail,
    String code,
    @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable String requestId,
    @Nullable List<Problem.FieldError> errors) {

  static ResponseEntity<Object> answer(Problem problem, @Nullable String requestId) {
    HttpStatus status = problem.status();
    var builder =
        ResponseEntity.status(status)
            .contentType(MediaType.APPLICATION_PROBLEM_JSON)
            .header("cache-control", "no-store");
    var retryAfter = problem.retryAfter();
    if (retryAfter != null) {
      builder.header("retry-after", Long.toString(Math.max(1, retryAfter.toSeconds())));
    }
    return builder.body(
        new ProblemDocument(
            "about:blank",
            status.getReasonPhrase(),
            status.value(),
            problem.detail(),
            problem.code(),
            requestId,
            problem.errors().isEmpty() ? null : problem.errors()));
  }
}
