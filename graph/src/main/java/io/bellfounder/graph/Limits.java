package io.bellfounder.graph;

import java.sql.SQLException;
import javax.sql.DataSource;

/**
 * How much of a tenant's work runs at a time, and how often it begins. Kept exactly, over all
 * workers, also while runs are taken over: who takes a tenant's runs locks its row and counts. A
 * change holds from the next claim; what runs goes on. A <em>lane</em> is a part of a tenant's runs
 * under a key of the tenant's choice, such as a repository or a provider; its limits come on top of
 * the tenant's. Safe for many threads.
 */
public final class Limits {
  private final Database db;

  /** Of one schema. */
  public Limits(DataSource database, String schema) {
    this.db = new Database(database, schema);
  }

  /**
   * At most so many of a tenant's runs are at work at a time; waiting ones do not count.
   *
   * @param most 0 (none) and up; default 100
   */
  public void running(String tenant, int most) throws SQLException {
    set(
        "INSERT INTO ~.tenant (id, running_max) VALUES (?, ?)"
            + " ON CONFLICT (id) DO UPDATE SET running_max = excluded.running_max",
        tenant,
        most);
  }

  /** The same for a lane, which has no such limit by default. */
  public void running(String tenant, String lane, int most) throws SQLException {
    known(tenant);
    set(
        "INSERT INTO ~.lane (tenant, id, running_max) VALUES (?, ?, ?)"
            + " ON CONFLICT (tenant, id) DO UPDATE SET running_max = excluded.running_max",
        tenant,
        lane,
        most);
  }

  /**
   * How often a tenant's runs begin; by default without limit. Only a run's first claim counts, not
   * that it goes on after a question, a pause or a take-over. The bucket is full at first.
   */
  public void rate(String tenant, Rate rate) throws SQLException {
    known(tenant);
    set(
        "UPDATE ~.tenant SET rate_max = ?, rate_ms = ?, tokens = ?, tokens_at = now()"
            + " WHERE id = ?",
        rate.runs(),
        rate.per().toMillis(),
        rate.runs(),
        tenant);
  }

  /** The same for a lane. */
  public void rate(String tenant, String lane, Rate rate) throws SQLException {
    known(tenant);
    set(
        "INSERT INTO ~.lane (tenant, id, rate_max, rate_ms, tokens) VALUES (?, ?, ?, ?, ?)"
            + " ON CONFLICT (tenant, id) DO UPDATE SET rate_max = excluded.rate_max,"
            + " rate_ms = excluded.rate_ms, tokens = excluded.tokens, tokens_at = now()",
        tenant,
        lane,
        rate.runs(),
        rate.per().toMillis(),
        rate.runs());
  }

  /** Takes a tenant's rate away, and sets its running runs back to the default of 100. */
  public void reset(String tenant) throws SQLException {
    set(
        "UPDATE ~.tenant SET running_max = DEFAULT, rate_max = NULL, rate_ms = NULL WHERE id = ?",
        tenant);
  }

  /** Takes a lane's limits away. */
  public void reset(String tenant, String lane) throws SQLException {
    set("DELETE FROM ~.lane WHERE tenant = ? AND id = ?", tenant, lane);
  }

  private void known(String tenant) throws SQLException {
    set("INSERT INTO ~.tenant (id) VALUES (?) ON CONFLICT DO NOTHING", tenant);
  }

  private void set(String sql, Object... values) throws SQLException {
    int _ = db.transaction(c -> db.update(c, sql, values));
  }
}
