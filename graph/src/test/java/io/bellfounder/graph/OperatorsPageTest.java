package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.testing.TemporaryDatabase;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The operator's page names what there is, all of it and nothing else. */
class OperatorsPageTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();

  private final String page = read();

  private static String read() {
    Path root = Objects.requireNonNull(Path.of("").toAbsolutePath().getParent());
    try {
      return Files.readString(root.resolve("docs/operating/graph.md"));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** The names in the first column of the table under a head. */
  private List<String> firstColumn(String head) {
    int from = page.indexOf(head);
    assertThat(from).as(head).isNotNegative();
    return page.substring(from)
        .lines()
        .skip(2)
        .takeWhile(line -> line.startsWith("|"))
        .flatMap(line ->
            Pattern.compile("`(\\w+)`")
                .matcher(line.split("\\|")[1])
                .results()
                .map(m -> m.group(1)))
        .toList();
  }

  private List<String> query(String sql) throws Exception {
    return new Database(database.owner(), "graph").query(r -> r.getString(1), sql);
  }

  @Test
  void its_tables_are_those_of_the_schema() throws Exception {
    GraphSchema.install(database.owner(), "graph");
    assertThat(firstColumn("| table | a row is"))
        .containsExactlyInAnyOrderElementsOf(
            query("SELECT tablename FROM pg_tables WHERE schemaname = 'graph'"));
  }

  @Test
  void every_index_but_those_of_keys_is_named_and_every_named_one_is_there() throws Exception {
    GraphSchema.install(database.owner(), "graph");
    List<String> there =
        query(
            "SELECT indexname FROM pg_indexes WHERE schemaname = 'graph' AND indexname !~ '_key$'");
    String section = page.substring(page.indexOf("## Indexes"), page.indexOf("## Vacuum"));
    List<String> named =
        Pattern.compile("`([a-z]+_[a-z_]+)`")
            .matcher(section)
            .results()
            .map(found -> found.group(1))
            .filter(name -> !name.equals("lease_until"))
            .toList();
    assertThat(named).isSubsetOf(there);
    assertThat(named)
        .containsAll(there.stream().filter(index -> !index.endsWith("_pkey")).toList());
  }

  @Test
  void its_figures_and_metrics_are_those_that_are_told() {
    assertThat(firstColumn("| figure | is"))
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(Figures.class.getRecordComponents()).map(RecordComponent::getName).toList());
    assertThat(firstColumn("| metric | told when"))
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(RunMetrics.class.getDeclaredMethods()).map(Method::getName).toList());
  }

  @Test
  void its_sql_runs() throws Exception {
    GraphSchema.install(database.owner(), "graph");
    Matcher blocks = Pattern.compile("(?ms)^ *```sql\\n(.*?)^ *```$").matcher(page);
    Database db = new Database(database.owner(), "graph");
    int seen = 0;
    while (blocks.find()) {
      seen++;
      String sql = blocks.group(1);
      int _ = db.transaction(c -> db.update(c, sql));
    }
    assertThat(seen).isPositive();
  }
}
