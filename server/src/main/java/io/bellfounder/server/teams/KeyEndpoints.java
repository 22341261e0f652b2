package io.bellfounder.server.teams;

import io.bellfounder.server.api.Instants;
import io.bellfounder.server.api.Page;
import io.bellfounder.server.api.PageRequest;
import io.bellfounder.server.api.Problem;
import io.bellfounder.server.identity.Caller;
import io.bellfounder.server.identity.IdempotentWrites;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** {@code /api/v1/keys}. */
@RestController
@RequestMapping("/api/v1/keys")
final class KeyEndpoints {
  private static final int NAME_MAX = 100;

  private final Keys keys;
  private final IdempotentWrites writes;
  private final InstantSource clock;
  private final ApplicationEventPublisher events;
  private final KeyMemory memory;

  KeyEndpoints(
      Keys keys,
      IdempotentWrites writes,
      InstantSource clock,
      ApplicationEventPublisher events,
      KeyMemory memory) {
    this.keys = keys;
    this.memory = memory;
    this.writes = writes;
    this.clock = clock;
    this.events = events;
  }

  @GetMapping
  Page<KeyView> list(
      Caller caller,
      @RequestParam(required = false) @Nullable Integer limit,
      @RequestParam(required = false) @Nullable String cursor) {
    return keys.list(caller, PageRequest.of(limit, cursor));
  }

  /** The answer is the only place where the secret ever appears. */
  @PostMapping
  @ResponseStatus(HttpStatus.CREATED)
  ResponseEntity<CreatedKey> create(
      Caller caller,
      @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String key,
      @RequestBody NewKey wish) {
    caller.mustManageKeys();
    String name = wish.name() == null ? "" : wish.name().strip();
    if (name.isEmpty() || name.codePointCount(0, name.length()) > NAME_MAX) {
      throw Problem.invalid("name", "must have 1 to " + NAME_MAX + " characters");
    }
    if (wish.expiresAt() != null && !Instants.isKnown(wish.expiresAt())) {
      throw Problem.invalid("expiresAt", "must be before the year 10000");
    }
    ResponseEntity<CreatedKey> answer =
        writes.once(
            caller,
            key,
            "POST /keys",
            wish,
            CreatedKey.class,
            () -> {
              // Inside, as a repeated wish may name an instant that was in the future once.
              if (wish.expiresAt() != null && !wish.expiresAt().isAfter(clock.instant())) {
                throw Problem.invalid("expiresAt", "must be in the future");
              }
              var created = keys.create(caller, name, wish.expiresAt());
              KeyView view = keys.find(created.id()).orElseThrow();
              events.publishEvent(new KeyChanged(caller.organisationId(), view));
              return ResponseEntity.status(HttpStatus.CREATED)
                  .header("cache-control", "no-store")
                  .body(new CreatedKey(view, created.secret().text()));
            });
    CreatedKey made = answer.getBody();
    if (made != null && made.key().revokedAt() == null) {
      // Whoever has the secret uses it at once, and a 401 tells clients not to try again.
      memory.awaitKnown(made.key().id());
    }
    return answer;
  }

  /** Dead on every node within a second. */
  @DeleteMapping("/{id}")
  ResponseEntity<KeyView> revoke(
      Caller caller,
      @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String key,
      @PathVariable UUID id) {
    caller.mustManageKeys();
    return writes.once(
        caller,
        key,
        "DELETE /keys/" + id,
        null,
        KeyView.class,
        () -> {
          KeyView revoked = keys.revoke(caller, id);
          events.publishEvent(new KeyChanged(caller.organisationId(), revoked));
          return ResponseEntity.ok(revoked);
        });
  }

  record NewKey(@Nullable String name, @Nullable Instant expiresAt) {}

  record CreatedKey(KeyView key, String secret) {
    @Override
    public String toString() {
      return "CreatedKey[" + key.id() + ", secret=***]";
    }
  }
}
