package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Claims of a few runs where few queues wait and none of them has a lane or a rate: by plain
 * statements over queues that are remembered for a moment. What {@link Claims} does in general
 * costs more to begin with than such a claim takes. For one thread.
 *
 * <p>Nothing is decided by what is remembered but where to look: tenants are locked, and their
 * running runs counted after that, as in any claim. A queue that has just appeared waits until the
 * others are empty, or for {@link #KNOWN_FOR} at most.
 */
final class FewQueues {
  /** So many queues at most. */
  static final int QUEUES_MAX = 16;

  /** So many runs in a claim at most. */
  static final int RUNS_MAX = 8;

  /** How long queues are taken as known. */
  static final Duration KNOWN_FOR = Duration.ofMillis(50);

  private static final String KNOWN =
      Claims.HEADS_AFTER
          + """
          SELECT h.spec, h.tenant, h.fresh, h.lane = '' AND t.rate_max IS NULL
          FROM head h JOIN ~.tenant t ON t.id = h.tenant\
          """;

  private static final String LOCK =
      """
      SELECT id, running_max, served_at FROM ~.tenant WHERE id = ANY (?) AND rate_max IS NULL
      ORDER BY id FOR NO KEY UPDATE SKIP LOCKED;
      """;

  /** After the locks, so with a snapshot that has what whoever held them before has claimed. */
  private static final String WAITING =
      """
      SELECT h.tenant, h.running, q.id, q.queue_at FROM (
        SELECT s.*, (SELECT count(*) FROM ~.run r
          WHERE r.tenant = s.tenant AND r.status = 'running') AS running
        FROM unnest(?::text[], ?::text[], ?::boolean[]) AS s(spec, tenant, fresh)) h
      CROSS JOIN LATERAL (
        SELECT r.id, r.queue_at FROM ~.run r
        WHERE r.driver = ? AND r.spec_hash = h.spec AND r.tenant = h.tenant AND r.lane = ''
          AND r.fresh = h.fresh AND r.status = 'queued' AND NOT r.blocked AND NOT r.delayed
        ORDER BY r.queue_at LIMIT ?) q\
      """;

  private static final String TAKE =
      """
      UPDATE ~.run r SET status = 'running', owner = ?, epoch = r.epoch + 1, fresh = false,
        lease_until = clock_timestamp() + ? * interval '1 ms'
      WHERE r.id IN (SELECT q.id FROM ~.run q WHERE q.id = ANY (?) AND q.status = 'queued'
          AND NOT q.blocked AND NOT q.delayed FOR UPDATE SKIP LOCKED)
        AND r.status = 'queued'
      RETURNING r.id, r.tenant, r.epoch, r.spec_hash, r.input, r.checkpoint, r.seq, r.takeovers,
        r.thread;
      UPDATE ~.tenant SET served_at = clock_timestamp(), tokens = 0, tokens_at = clock_timestamp()
      WHERE id = ANY (?);
      COMMIT\
      """;

  private record Queue(String spec, String tenant, boolean fresh, boolean plain) {
    static Queue read(ResultSet r) throws SQLException {
      return new Queue(r.getString(1), r.getString(2), r.getBoolean(3), r.getBoolean(4));
    }
  }

  private record Tenant(String id, long runningMax, java.sql.Timestamp servedAt) {
    static Tenant read(ResultSet r) throws SQLException {
      return new Tenant(r.getString(1), r.getLong(2), r.getTimestamp(3));
    }
  }

  private record Candidate(String tenant, long running, UUID id, java.sql.Timestamp queuedAt) {
    static Candidate read(ResultSet r) throws SQLException {
      return new Candidate(
          r.getString(1), r.getLong(2), r.getObject(3, UUID.class), r.getTimestamp(4));
    }
  }

  /** A run, and how many its tenant has at work with it. */
  private record Ranked(Candidate run, long nth, java.sql.Timestamp servedAt) {}

  private final Database db;
  private final WorkerOptions options;
  private final String[] graphs;
  private final String driver;
  private List<Queue> known = List.of();
  private long knownUntil = System.nanoTime();

  FewQueues(Database db, WorkerOptions options, String[] graphs, String driver) {
    this.db = db;
    this.options = options;
    this.graphs = graphs;
    this.driver = driver;
  }

  /** The next runs in turn; nothing if they are to be looked for in the general way. */
  List<Journal.Claim> claim(int most) throws SQLException {
    if (most > RUNS_MAX) {
      return List.of();
    }
    return db.begun(c -> {
      if (System.nanoTime() - knownUntil >= 0) {
        look(c);
      }
      if (known.isEmpty()) {
        return List.of();
      }
      List<Journal.Claim> claimed = claim(c, most);
      if (claimed.isEmpty()) {
        known = List.of();
      }
      return claimed;
    });
  }

  private void look(Connection c) throws SQLException {
    List<Queue> all =
        db.queryOf(
            c, 1, Queue::read, Claims.PLAN_ONCE + KNOWN, graphs, driver, "", "", QUEUES_MAX + 1);
    known = all.size() <= QUEUES_MAX && all.stream().allMatch(Queue::plain) ? all : List.of();
    knownUntil = System.nanoTime() + KNOWN_FOR.toNanos();
  }

  private List<Journal.Claim> claim(Connection c, int most) throws SQLException {
    Map<String, Tenant> locked = new HashMap<>();
    List<Candidate> waiting = new ArrayList<>();
    try (PreparedStatement statement =
        db.prepare(
            c,
            Claims.PLAN_ONCE + LOCK + WAITING,
            known.stream().map(Queue::tenant).distinct().toArray(String[]::new),
            known.stream().map(Queue::spec).toArray(String[]::new),
            known.stream().map(Queue::tenant).toArray(String[]::new),
            known.stream().map(Queue::fresh).toArray(Boolean[]::new),
            driver,
            most)) {
      statement.execute();
      statement.getMoreResults();
      try (ResultSet rows = statement.getResultSet()) {
        while (rows.next()) {
          Tenant tenant = Tenant.read(rows);
          locked.put(tenant.id(), tenant);
        }
      }
      statement.getMoreResults();
      try (ResultSet rows = statement.getResultSet()) {
        while (rows.next()) {
          waiting.add(Candidate.read(rows));
        }
      }
    }
    List<Candidate> chosen = choose(locked, waiting, most);
    if (chosen.isEmpty()) {
      return List.of();
    }
    Map<UUID, Journal.Claim> taken = new HashMap<>();
    db.queryOf(
            c,
            0,
            Claims::read,
            TAKE,
            options.name(),
            options.lease().toMillis(),
            chosen.stream().map(Candidate::id).toArray(UUID[]::new),
            chosen.stream().map(Candidate::tenant).distinct().toArray(String[]::new))
        .forEach(claim -> taken.put(claim.run(), claim));
    return chosen.stream().map(Candidate::id).filter(taken::containsKey).map(taken::get).toList();
  }

  /** As the general claim ranks them; in the order of their queues. */
  private static List<Candidate> choose(
      Map<String, Tenant> locked, List<Candidate> waiting, int most) {
    Comparator<Candidate> byAge =
        Comparator.comparing(Candidate::queuedAt).thenComparing(Candidate::id);
    Map<String, Long> nth = new HashMap<>();
    List<Ranked> ranked = new ArrayList<>();
    Set<UUID> seen = new HashSet<>();
    for (Candidate each : waiting.stream().sorted(byAge).toList()) {
      Tenant tenant = locked.get(each.tenant());
      if (tenant == null || !seen.add(each.id())) {
        continue;
      }
      long running = each.running() + nth.merge(each.tenant(), 1L, Long::sum);
      if (running <= tenant.runningMax()) {
        ranked.add(new Ranked(each, running, tenant.servedAt()));
      }
    }
    return ranked.stream()
        .sorted(
            Comparator.comparingLong(Ranked::nth)
                .thenComparing(Ranked::servedAt)
                .thenComparing(Ranked::run, byAge))
        .limit(most)
        .map(Ranked::run)
        .sorted(byAge)
        .toList();
  }
}
