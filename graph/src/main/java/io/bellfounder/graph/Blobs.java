package io.bellfounder.graph;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Large values by their hash, each once per tenant. A run names what it needs in {@code blob_use},
 * and a foreign key keeps that from being deleted.
 */
record Blobs(Database db) {
  /** How deep one large value may lie in another. */
  private static final int DEPTH_MAX = 20;

  /**
   * Keeps values for a run, as part of the caller's transaction.
   *
   * @param texts by hash, in the order of hashes, so that two transactions never wait for each
   *     other
   */
  void put(Connection c, UUID run, Map<String, String> texts) throws SQLException {
    if (texts.isEmpty()) {
      return;
    }
    String[] all = texts.keySet().toArray(String[]::new);
    // The update locks what is there against a deletion, and spares sending the values again.
    Set<String> there =
        new HashSet<>(
            db.query(
                c,
                r -> r.getString(1),
                """
                WITH locked AS MATERIALIZED (
                  SELECT b.tenant, b.hash FROM ~.blob b JOIN ~.run r ON r.tenant = b.tenant
                  WHERE r.id = ? AND b.hash IN (SELECT decode(h, 'hex') FROM unnest(?::text[]) h)
                  ORDER BY b.hash FOR UPDATE OF b)
                UPDATE ~.blob b SET used_at = now() FROM locked
                WHERE b.tenant = locked.tenant AND b.hash = locked.hash
                RETURNING encode(b.hash, 'hex')\
                """,
                run,
                all));
    Map<String, String> missing = new LinkedHashMap<>(texts);
    missing.keySet().removeAll(there);
    if (!missing.isEmpty()) {
      db.update(
          c,
          """
          INSERT INTO ~.blob (tenant, hash, value)
          SELECT r.tenant, decode(v.h, 'hex'), v.t FROM ~.run r,
            unnest(?::text[], ?::text[]) WITH ORDINALITY AS v(h, t, o)
          WHERE r.id = ? ORDER BY v.o
          ON CONFLICT (tenant, hash) DO UPDATE SET used_at = excluded.used_at\
          """,
          missing.keySet().toArray(String[]::new),
          missing.values().toArray(String[]::new),
          run);
    }
    db.update(
        c,
        """
        INSERT INTO ~.blob_use (run, tenant, hash)
        SELECT r.id, r.tenant, decode(h, 'hex') FROM ~.run r, unnest(?::text[]) h WHERE r.id = ?
        ON CONFLICT DO NOTHING\
        """,
        all,
        run);
  }

  /**
   * Deletes those of these values that no run needs.
   *
   * @return how many
   */
  int drop(Connection c, String tenant, List<String> hashes) throws SQLException {
    String[] all = hashes.toArray(String[]::new);
    // Locked by one statement and looked at by the next, which sees who came before the lock.
    List<Integer> _ =
        db.query(
            c,
            r -> 1,
            """
            SELECT 1 FROM ~.blob WHERE tenant = ?
              AND hash IN (SELECT decode(h, 'hex') FROM unnest(?::text[]) h)
            ORDER BY hash FOR UPDATE\
            """,
            tenant,
            all);
    return db.update(
        c,
        """
        DELETE FROM ~.blob b WHERE b.tenant = ?
          AND b.hash IN (SELECT decode(h, 'hex') FROM unnest(?::text[]) h)
          AND NOT EXISTS (
            SELECT 1 FROM ~.blob_use u WHERE u.tenant = b.tenant AND u.hash = b.hash)\
        """,
        tenant,
        all);
  }

  /** Reads what {@link Large} wrote, with one query for each depth at which large values lie. */
  Reader reader(Connection c, UUID run) {
    return new Reader(c, run);
  }

  /** Reads several texts of one run together; for one thread. */
  final class Reader {
    private final Connection c;
    private final UUID run;
    private final List<Object> trees = new ArrayList<>();
    private final Map<String, Object> values = new HashMap<>();
    private final Set<String> missing = new LinkedHashSet<>();
    private long characters;

    private Reader(Connection c, UUID run) {
      this.c = c;
      this.run = run;
    }

    /**
     * @return the number of the tree to {@link #get} once all are {@link #fetch fetched}
     * @throws Unreadable if no version up to this one has such a format
     */
    int add(int format, String text) {
      if (format < 1 || format > Large.FORMAT) {
        throw new Unreadable(
            "stored format "
                + format
                + " is unknown to this version, which reads 1 to "
                + Large.FORMAT);
      }
      characters += text.length();
      Object tree = parse(text);
      boolean plain = format == 1 || !text.contains("\"$");
      trees.add(plain ? new Plain(tree) : tree);
      if (!plain) {
        look(tree);
      }
      return trees.size() - 1;
    }

    /** Hashes of all large values that were met. */
    Set<String> hashes() {
      return values.keySet();
    }

    /** The length of all texts, and of the large values in them, each once. */
    long characters() {
      return characters;
    }

    void fetch() throws SQLException {
      for (int depth = 0; !missing.isEmpty(); depth++) {
        if (depth == DEPTH_MAX) {
          throw new Unreadable("large values lie deeper in each other than " + DEPTH_MAX);
        }
        Set<String> wanted = new LinkedHashSet<>(missing);
        missing.clear();
        db.query(
            c,
            r -> {
              String hash = r.getString(1);
              String text = r.getString(2);
              if (!hash.equals(Large.hash(text))) {
                throw new Unreadable("large value " + hash + " is not what was stored");
              }
              characters += text.length();
              wanted.remove(hash);
              return values.put(hash, parse(text));
            },
            """
            SELECT encode(b.hash, 'hex'), b.value FROM ~.blob b JOIN ~.run r ON r.tenant = b.tenant
            WHERE r.id = ? AND b.hash IN (SELECT decode(h, 'hex') FROM unnest(?::text[]) h)\
            """,
            run,
            wanted.toArray(String[]::new));
        if (!wanted.isEmpty()) {
          throw new Unreadable("large value " + wanted.iterator().next() + " is missing");
        }
        List.copyOf(values.values()).forEach(this::look);
      }
    }

    Object get(int number) {
      Object tree = trees.get(number);
      return tree instanceof Plain(Object plain) ? plain : whole(tree);
    }

    private void look(Object tree) {
      if (tree instanceof List<?> list) {
        list.forEach(this::look);
      } else if (tree instanceof Map<?, ?> map) {
        String hash = reference(map, Large.BLOB);
        hash = hash == null ? reference(map, Large.PART) : hash;
        if (hash == null) {
          map.values().forEach(this::look);
        } else if (!values.containsKey(hash)) {
          missing.add(hash);
        }
      }
    }

    private Object whole(Object tree) {
      if (tree instanceof List<?> list) {
        List<Object> items = new ArrayList<>(list.size());
        for (Object item : list) {
          String part = item instanceof Map<?, ?> map ? reference(map, Large.PART) : null;
          if (part == null) {
            items.add(whole(item));
          } else {
            items.addAll(Json.array(whole(value(part))));
          }
        }
        return java.util.Collections.unmodifiableList(items);
      }
      if (tree instanceof Map<?, ?> map) {
        String hash = reference(map, Large.BLOB);
        if (hash != null) {
          return whole(value(hash));
        }
        Map<String, Object> copy = new LinkedHashMap<>();
        map.forEach((key, value) -> copy.put(Large.unescaped((String) key), whole(value)));
        return java.util.Collections.unmodifiableMap(copy);
      }
      return tree;
    }

    private Object value(String hash) {
      Object value = values.get(hash);
      if (value == null) {
        throw new IllegalStateException("fetch comes before get");
      }
      return value;
    }

    private static Object parse(String text) {
      try {
        return Json.read(text);
      } catch (IllegalArgumentException e) {
        throw new Unreadable("stored JSON is damaged: " + e.getMessage());
      }
    }

    private static @Nullable String reference(Map<?, ?> map, String kind) {
      return map.size() == 1 && map.get(kind) instanceof String hash ? hash : null;
    }
  }

  /** Not to be looked into. */
  private record Plain(Object tree) {}
}
