package io.bellfounder.graph;

import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Why a run does not run, as the tables say it at this moment. */
record Explanation(
    String status,
    String graph,
    String specHash,
    @Nullable String owner,
    boolean overdue,
    boolean pausing,
    boolean cancelling,
    boolean blocked,
    @Nullable UUID before,
    @Nullable String beforeStatus,
    boolean delayed,
    Instant availableAt,
    boolean fresh,
    @Nullable String error,
    long questions,
    int takeovers,
    Limit tenant,
    String lane,
    Limit ofLane,
    long knowing,
    long knowingWithRoom,
    long workers,
    long ahead) {

  /**
   * A tenant's or lane's limits.
   *
   * @param max null for none
   * @param tokens null without a rate
   */
  record Limit(
      long running,
      @Nullable Integer max,
      @Nullable Double tokens,
      @Nullable Integer runs,
      @Nullable Long perMillis) {
    boolean full() {
      return max != null && running >= max;
    }

    boolean empty() {
      return tokens != null && tokens < 1;
    }

    String rate() {
      return runs + " runs begin per " + perMillis + " ms";
    }
  }

  static String of(Database db, UUID run) throws SQLException {
    return db
        .query(
            r ->
                new Explanation(
                        r.getString(1),
                        r.getString(2),
                        r.getString(3),
                        r.getString(4),
                        r.getBoolean(5),
                        r.getBoolean(6),
                        r.getBoolean(7),
                        r.getBoolean(8),
                        r.getObject(9, UUID.class),
                        r.getString(10),
                        r.getBoolean(11),
                        r.getObject(12, OffsetDateTime.class).toInstant(),
                        r.getBoolean(13),
                        r.getString(14),
                        r.getLong(15),
                        r.getInt(16),
                        new Limit(
                            r.getLong(17),
                            r.getObject(18, Integer.class),
                            r.getObject(19, Double.class),
                            r.getObject(20, Integer.class),
                            r.getObject(21, Long.class)),
                        r.getString(22),
                        new Limit(
                            r.getLong(23),
                            r.getObject(24, Integer.class),
                            r.getObject(25, Double.class),
                            r.getObject(26, Integer.class),
                            r.getObject(27, Long.class)),
                        r.getLong(28),
                        r.getLong(29),
                        r.getLong(30),
                        r.getLong(31))
                    .sentence(),
            """
            SELECT r.status, r.graph, r.spec_hash, r.owner, r.lease_until < clock_timestamp(),
              r.pause_requested, r.cancel_requested, r.blocked, b.id, b.status, r.delayed,
              r.available_at, r.fresh, r.error_message,
              (SELECT count(*) FROM ~.interrupt i WHERE i.run = r.id AND i.status = 'pending'),
              r.takeovers,
              (SELECT count(*) FROM ~.run o WHERE o.tenant = r.tenant AND o.status = 'running'),
              t.running_max, t.tokens + t.rate_max * extract(epoch FROM
                clock_timestamp() - t.tokens_at)::float8 * 1000 / t.rate_ms, t.rate_max, t.rate_ms,
              r.lane, (SELECT count(*) FROM ~.run o WHERE o.tenant = r.tenant AND o.lane = r.lane
                AND o.status = 'running'),
              l.running_max, l.tokens + l.rate_max * extract(epoch FROM
                clock_timestamp() - l.tokens_at)::float8 * 1000 / l.rate_ms, l.rate_max, l.rate_ms,
              w.knowing, w.room, w.workers,
              (SELECT count(*) FROM (SELECT 1 FROM ~.run o WHERE o.spec_hash = r.spec_hash
                AND o.tenant = r.tenant AND o.lane = r.lane AND o.fresh = r.fresh
                AND o.queue_at < r.queue_at AND o.status = 'queued' AND NOT o.blocked
                AND NOT o.delayed LIMIT 1000) a)
            FROM ~.run r JOIN ~.tenant t ON t.id = r.tenant
            LEFT JOIN ~.lane l ON l.tenant = r.tenant AND l.id = r.lane
            LEFT JOIN LATERAL (SELECT b.id, b.status FROM ~.run b WHERE b.tenant = r.tenant
              AND b.thread = r.thread AND NOT b.blocked AND NOT b.delayed AND b.ended_at IS NULL
              LIMIT 1) b ON r.blocked
            CROSS JOIN LATERAL (SELECT count(*) AS workers,
                count(*) FILTER (WHERE r.spec_hash = ANY (spec_hashes)) AS knowing,
                count(*) FILTER (WHERE r.spec_hash = ANY (spec_hashes) AND running < running_max)
                  AS room
              FROM ~.worker WHERE expected_by > clock_timestamp()) w
            WHERE r.id = ?\
            """,
            run)
        .stream()
        .findFirst()
        .orElse("There is no such run.");
  }

  private String sentence() {
    return switch (status) {
      case "running" -> running();
      case "waiting" ->
          cancelling
              ? "It is to be cancelled; the next sweep does so."
              : "It waits for " + questions + (questions == 1 ? " answer." : " answers.");
      case "paused" -> "It is paused; resume it.";
      case "dead" ->
          "Its workers were lost %d times without progress; find out why, then resume or cancel it."
              .formatted(takeovers);
      case "parked" -> "It was parked: " + error + "; put that right, then resume or cancel it.";
      case "failed" -> "It has failed: " + error + ".";
      case "queued" -> queued();
      default -> "It has ended: " + status + ".";
    };
  }

  private String running() {
    if (overdue) {
      return "Its worker's lease is over; the next sweep takes it over.";
    }
    String here = "It runs on " + owner;
    if (cancelling) {
      return here + " and is to be cancelled; the next heartbeat sees it.";
    }
    return here + (pausing ? " and pauses after this step." : ".");
  }

  private String queued() {
    if (blocked) {
      return "Run %s of its thread comes first and is %s.".formatted(before, beforeStatus);
    }
    if (delayed) {
      return "It is to start at " + availableAt.truncatedTo(ChronoUnit.SECONDS) + ".";
    }
    if (tenant.full()) {
      return "Its tenant's " + tenant.max() + " places are taken.";
    }
    if (ofLane.full()) {
      return "The %d places of its lane %s are taken.".formatted(ofLane.max(), lane);
    }
    if (fresh && tenant.empty()) {
      return "Its tenant's rate is used up: " + tenant.rate() + ".";
    }
    if (fresh && ofLane.empty()) {
      return "The rate of its lane " + lane + " is used up: " + ofLane.rate() + ".";
    }
    if (knowing == 0) {
      return "No worker knows graph %s in its version %s; %d others are there."
          .formatted(graph, specHash.substring(0, 12), workers);
    }
    if (knowingWithRoom == 0) {
      return "The %d workers that know its graph are full; %d runs come first."
          .formatted(knowing, ahead);
    }
    return switch ((int) ahead) {
      case 0 -> "It is next of its queue.";
      case 1 -> "It is next but for one run of its queue.";
      default -> "It is next but for %d runs of its queue.".formatted(ahead);
    };
  }
}
