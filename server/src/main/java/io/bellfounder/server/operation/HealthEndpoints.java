package io.bellfounder.server.operation;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** For load balancers and operators. Names no secret and needs no sign-in. */
@RestController
final class HealthEndpoints {
  private final Readiness readiness;
  private final List<HealthPart> parts;

  HealthEndpoints(Readiness readiness, List<HealthPart> parts) {
    this.readiness = readiness;
    this.parts = parts;
  }

  /** The process answers; restart it if it does not. */
  @GetMapping("/health/live")
  ResponseEntity<Map<String, Object>> live() {
    return answer(HttpStatus.OK, Map.of("status", "up"));
  }

  /**
   * 200 while this process wants traffic. A part that is away, such as the database, makes the
   * status {@code degraded} but not the answer a 503: the gateway serves without it.
   */
  @GetMapping({"/health", "/health/ready"})
  ResponseEntity<Map<String, Object>> ready() {
    Map<String, Object> body = new LinkedHashMap<>();
    Map<String, Object> states = new LinkedHashMap<>();
    boolean degraded = false;
    for (HealthPart part : parts) {
      @Nullable String problem = part.problem();
      degraded |= problem != null;
      states.put(part.name(), problem == null ? "up" : problem);
    }
    Readiness.State state = readiness.state();
    boolean ready = state == Readiness.State.READY;
    body.put(
        "status",
        switch (state) {
          case STARTING -> "starting";
          case READY -> degraded ? "degraded" : "up";
          case DRAINING -> "draining";
        });
    body.put("parts", states);
    return answer(ready ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE, body);
  }

  private static ResponseEntity<Map<String, Object>> answer(
      HttpStatus status, Map<String, Object> body) {
    return ResponseEntity.status(status).cacheControl(CacheControl.noStore()).body(body);
  }
}
