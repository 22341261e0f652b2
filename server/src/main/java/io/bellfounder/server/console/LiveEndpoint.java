package io.bellfounder.server.console;

import io.bellfounder.server.api.Problem;
import io.bellfounder.server.dataplane.CallEvents;
import io.bellfounder.server.dataplane.LiveAudience;
import io.bellfounder.server.dataplane.ProviderChanged;
import io.bellfounder.server.dataplane.ProviderReads;
import io.bellfounder.server.identity.Caller;
import io.bellfounder.server.identity.SessionEnded;
import io.bellfounder.server.identity.Sessions;
import io.bellfounder.server.teams.KeyChanged;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.EventListener;
import org.springframework.http.HttpStatus;
import org.springframework.transaction.event.TransactionPhase;
import org.springframework.transaction.event.TransactionalEventListener;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code /api/v1/events}: what happens in the caller's organisation, as server-sent events. The
 * request's own (virtual) thread writes; it ends with the session.
 */
@RestController
final class LiveEndpoint implements SmartLifecycle {
  private static final Logger LOG = LoggerFactory.getLogger(LiveEndpoint.class);
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);
  private static final int READERS_MAX = 500;
  private static final int READERS_PER_MEMBER_MAX = 30;

  private final LiveFeed feed;
  private final LiveAudience audience;
  private final Sessions sessions;
  private final ProviderReads providers;
  private final JsonMapper json;
  private final InstantSource clock;
  private volatile boolean running;

  LiveEndpoint(
      Sessions sessions,
      ProviderReads providers,
      LiveAudience audience,
      JsonMapper json,
      SecureRandom random,
      InstantSource clock) {
    this.feed = new LiveFeed(Long.toString(random.nextLong() >>> 1, 36));
    this.audience = audience;
    this.sessions = sessions;
    this.providers = providers;
    this.json = json;
    this.clock = clock;
  }

  @GetMapping(path = "/api/v1/events", produces = "text/event-stream")
  void listen(
      Caller caller,
      @RequestHeader(name = "Last-Event-ID", required = false) @Nullable String lastId,
      HttpServletResponse response)
      throws IOException {
    refuseTooMany(caller);
    LiveReader reader = new LiveReader(caller);
    if (!audience.present()) {
      // Calls were not told meanwhile, so what is remembered has gaps.
      feed.forget();
    }
    audience.come();
    String id = feed.join(reader, lastId);
    try {
      response.setContentType("text/event-stream;charset=utf-8");
      response.setHeader("cache-control", "no-store");
      response.setHeader("x-accel-buffering", "no");
      write(reader, id, response.getOutputStream());
    } catch (IOException gone) {
      LOG.debug("a page stopped listening: {}", gone.getMessage());
    } catch (InterruptedException dropped) {
      // The reader was dropped, or the server stops; either way the stream ends here.
      LOG.debug("a page is not told any more");
    } finally {
      feed.leave(reader);
      audience.leave();
    }
  }

  private void write(LiveReader reader, String id, OutputStream out)
      throws IOException, InterruptedException {
    // The id stands alone, so that a page that comes back before the first event misses none
    // either.
    out.write("retry: 1000\nid: %s\n\n".formatted(id).getBytes(StandardCharsets.UTF_8));
    out.flush();
    Instant looked = clock.instant();
    while (running && !reader.dropped()) {
      LiveEvent event = reader.next(HEARTBEAT);
      // Another node may have ended the session, or its time; also while there is much to tell.
      if (event == null || !clock.instant().isBefore(looked.plus(HEARTBEAT))) {
        if (reader.dropped() || !sessions.stillGood(reader.caller())) {
          return;
        }
        looked = clock.instant();
      }
      if (event != null) {
        write(event, reader.caller().organisationId(), out);
      } else {
        out.write(": still here\n\n".getBytes(StandardCharsets.UTF_8));
      }
      out.flush();
    }
  }

  private void write(LiveEvent event, UUID organisation, OutputStream out) throws IOException {
    Object data = event.data().apply(organisation);
    if (data != null) {
      String text = data instanceof String plain ? plain : json.writeValueAsString(data);
      out.write(
          "id: %s\nevent: %s\ndata: %s\n\n"
              .formatted(feed.id(event), event.name(), text)
              .getBytes(StandardCharsets.UTF_8));
    }
  }

  private void refuseTooMany(Caller caller) {
    long own =
        feed.readers().stream()
            .filter(reader -> reader.caller().memberId().equals(caller.memberId()))
            .count();
    if (own >= READERS_PER_MEMBER_MAX || feed.readers().size() >= READERS_MAX) {
      throw Problem.tooMany(
          "too_many_streams", "Too many pages listen already. Close some.", HEARTBEAT);
    }
    if (!running) {
      throw Problem.of(
          HttpStatus.SERVICE_UNAVAILABLE, "stopping", "The server stops. Come back shortly.");
    }
  }

  @EventListener
  void opened(CallEvents.Opened event) {
    feed.publish(event.organisation(), "call.opened", _ -> event.call());
  }

  @EventListener
  void settled(CallEvents.Settled event) {
    feed.publish(event.organisation(), "call.settled", _ -> event.call());
  }

  @EventListener
  void skipped(CallEvents.Skipped event) {
    feed.reset();
  }

  /** What a page is told it can also read. */
  @TransactionalEventListener(phase = TransactionPhase.AFTER_COMMIT, fallbackExecution = true)
  void keyChanged(KeyChanged event) {
    feed.publish(event.organisation(), "key.changed", _ -> event.key());
  }

  @EventListener
  void providerChanged(ProviderChanged event) {
    feed.publish(
        null,
        "provider.changed",
        organisation -> providers.provider(organisation, event.name()).orElse(null));
  }

  @TransactionalEventListener(phase = TransactionPhase.AFTER_COMMIT, fallbackExecution = true)
  void sessionEnded(SessionEnded event) {
    feed.readers().stream()
        .filter(reader -> reader.caller().sessionId().equals(event.sessionId()))
        .forEach(LiveReader::drop);
  }

  @Override
  public void start() {
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    feed.readers().forEach(LiveReader::drop);
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
