package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.testing.CommitPoints;
import io.bellfounder.graph.testing.Driver;
import io.bellfounder.graph.testing.EffectLedger;
import io.bellfounder.graph.testing.FailingDataSource.Point;
import io.bellfounder.graph.testing.InvariantChecker;
import io.bellfounder.graph.testing.WorkerProcess;
import io.bellfounder.testing.KeptConnections;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.TemporaryDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Worker processes that end, or stand still, at a statement or commit of their own: some of all
 * places, chosen by the seed; with {@code -Dkit.points=all} each, before it and after it.
 */
class CommitPointTest {
  private static final WorkerOptions OPTIONS =
      WorkerOptions.named("same-name").lease(Duration.ofMillis(1500));
  private static final boolean ALL = "all".equals(System.getProperty("kit.points"));

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  private final KeptConnections kept = new KeptConnections(database.owner());
  private EffectLedger ledger;
  private CommitPoints points;

  /** Address, user, password. */
  static final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
      CommitPoints.Here here = new CommitPoints.Here(args);
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(here.arguments().get(0));
      source.setUser(here.arguments().get(1));
      source.setPassword(here.arguments().get(2));
      DataSource way = here.through(new KeptConnections(source).dataSource());
      Worker worker = Worker.start(way, "g", OPTIONS, List.of(here.graph()));
      while (System.in.read() >= 0) {
        Thread.onSpinWait();
      }
      worker.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    GraphSchema.install(database.owner(), "g");
    ledger = EffectLedger.start();
    points =
        new CommitPoints(
            Driver.workers().on(kept.dataSource(), "g"),
            kept.dataSource(),
            ledger,
            OPTIONS,
            arguments -> WorkerProcess.start(Main.class, own(arguments)));
  }

  private String[] own(List<String> arguments) {
    return Stream.concat(
            arguments.stream(),
            Stream.of(database.jdbcUrl(), database.ownerRole(), database.password()))
        .toArray(String[]::new);
  }

  @AfterEach
  void check() throws Exception {
    ledger.close();
    kept.close();
    assertThat(InvariantChecker.problems(database.owner(), "g")).isEmpty();
  }

  @Test
  void a_process_killed_at_any_statement_loses_nothing_and_repeats_no_effect() throws Exception {
    each("killed", 3, points::kill);
  }

  @Test
  void a_process_that_stood_still_past_its_lease_changes_nothing_when_it_goes_on()
      throws Exception {
    each("stopped", 1, points::stop);
  }

  private interface Trial {
    boolean at(Point point, boolean after) throws Exception;
  }

  /** Every place, before it and after it; or so many of them. */
  private void each(String what, int some, Trial trial) throws Exception {
    record Place(Point point, boolean after) {}
    long begun = System.nanoTime();
    List<Place> places = new ArrayList<>();
    for (Point point : points.all()) {
      places.add(new Place(point, false));
      places.add(new Place(point, true));
    }
    Collections.shuffle(places, new Random(Seeds.seed("CommitPointTest")));
    List<Place> missed = new ArrayList<>();
    int tried = 0;
    for (Place place : places) {
      if (tried < (ALL ? places.size() : some)) {
        if (trial.at(place.point(), place.after())) {
          tried++;
        } else {
          missed.add(place);
        }
      }
    }
    System.out.printf(
        "CommitPointTest: %s at %d of %d places, %.0f s; not come by again: %s%n",
        what, tried, places.size(), (System.nanoTime() - begun) / 1e9, missed);
    assertThat(tried).isPositive();
    assertThat(missed).hasSizeLessThan(places.size() / 5);
  }
}
