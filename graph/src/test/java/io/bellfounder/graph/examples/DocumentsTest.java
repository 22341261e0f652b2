package io.bellfounder.graph.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.graph.Graph;
import io.bellfounder.graph.GraphData;
import io.bellfounder.graph.Next;
import io.bellfounder.graph.Node;
import io.bellfounder.graph.Update;
import io.bellfounder.testing.TemporaryDatabase;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

/** The documents say what is so: their code compiles and runs, and what they name is there. */
class DocumentsTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  @TempDir Path folder;

  private static final Path ROOT = Objects.requireNonNull(Path.of("").toAbsolutePath().getParent());
  private static final Path GUIDE = ROOT.resolve("docs/guide/graph");
  private static final List<Path> PAGES =
      List.of(
          ROOT.resolve("graph/README.md"),
          ROOT.resolve("docs/operating/graph.md"),
          ROOT.resolve("docs/decisions/graph.md"));

  @Test
  void the_readmes_program_asks_is_killed_asks_again_and_goes_on_with_the_answer()
      throws Exception {
    List<String> blocks = blocks(ROOT.resolve("graph/README.md"), "java");
    assertThat(blocks).hasSize(1);
    assertThat(blocks.getFirst().lines().count()).isLessThanOrEqualTo(40);
    Path program = Files.writeString(folder.resolve("Letter.java"), blocks.getFirst());

    Process first = start(program);
    try (var said = first.inputReader(StandardCharsets.UTF_8)) {
      assertThat(said.readLine()).isEqualTo("Send \"Dear reader\"?");
    } finally {
      first.destroyForcibly().waitFor();
    }
    assertThat(run(program, "yes\n"))
        .startsWith("Send \"Dear reader\"?\nsends \"Dear reader\", with key ")
        .endsWith("It has ended: completed.\n");
    assertThat(run(program, "")).isEqualTo("It has ended: completed.\n");
  }

  @Test
  void the_guides_code_compiles() throws Exception {
    List<Path> sources = new ArrayList<>();
    for (Path page : pages()) {
      int n = 0;
      for (String block : page.startsWith(GUIDE) ? blocks(page, "java") : List.<String>of()) {
        String name = page.getFileName().toString().replaceAll("\\W", "_") + ++n;
        sources.add(Files.writeString(folder.resolve(name + ".java"), wrapped(name, block)));
      }
    }
    assertThat(sources).hasSizeGreaterThan(12);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter errors = new StringWriter();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of(
              "-proc:none", "-d", folder.toString(), "-cp", System.getProperty("java.class.path"));
      boolean compiles =
          compiler
              .getTask(
                  errors, files, null, options, null, files.getJavaFileObjectsFromPaths(sources))
              .call();
      assertThat(compiles).as(errors.toString()).isTrue();
    }
  }

  @Test
  void the_graphs_that_the_guide_has_as_data_are_read() throws Exception {
    List<String> blocks = blocks(GUIDE.resolve("data.md"), "yaml");
    assertThat(blocks).isNotEmpty();
    Node nothing = _ -> Update.none();
    GraphData code =
        new GraphData()
            .node("writer", nothing)
            .node("approve", nothing)
            .node("send", nothing)
            .node("read", nothing)
            .condition("good-enough", _ -> Next.end());
    for (String block : blocks) {
      Map<String, Object> map = new Yaml().load(block);
      Graph graph = code.read(map);
      assertThat(code.read(graph.spec()).hash()).isEqualTo(graph.hash());
    }
  }

  @Test
  void every_test_that_the_documents_name_exists() throws Exception {
    Pattern named = Pattern.compile("`([A-Z]\\w*Test)\\.(\\w+)`");
    List<String> missing = new ArrayList<>();
    int found = 0;
    for (Path page : pages()) {
      Matcher names = named.matcher(Files.readString(page));
      while (names.find()) {
        found++;
        if (!isTest(names.group(1), names.group(2))) {
          missing.add(page.getFileName() + ": " + names.group());
        }
      }
    }
    assertThat(missing).isEmpty();
    assertThat(found).isGreaterThan(10);
  }

  @Test
  void every_link_of_the_documents_leads_to_a_file() throws Exception {
    Pattern link = Pattern.compile("]\\(([^)#:]+)(#[^)]*)?\\)");
    List<String> broken = new ArrayList<>();
    for (Path page : pages()) {
      Matcher links = link.matcher(Files.readString(page));
      while (links.find()) {
        if (!Files.exists(page.resolveSibling(links.group(1)))) {
          broken.add(page.getFileName() + ": " + links.group(1));
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  private static List<Path> pages() throws IOException {
    List<Path> all = new ArrayList<>(PAGES);
    try (Stream<Path> guide = Files.list(GUIDE)) {
      guide.sorted().forEach(all::add);
    }
    return all;
  }

  private static boolean isTest(String type, String method) throws IOException {
    Pattern declared = Pattern.compile("\\bvoid " + method + "\\(");
    for (String module : List.of("graph", "graph-temporal")) {
      Path tests = ROOT.resolve(module).resolve("src/test/java");
      if (!Files.exists(tests)) {
        continue;
      }
      try (Stream<Path> files = Files.walk(tests)) {
        boolean found =
            files
                .filter(file -> file.getFileName().toString().equals(type + ".java"))
                .anyMatch(file -> declared.matcher(read(file)).find());
        if (found) {
          return true;
        }
      }
    }
    return false;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> blocks(Path page, String language) throws IOException {
    List<String> blocks = new ArrayList<>();
    Matcher found =
        Pattern.compile("(?ms)^```" + language + "\\n(.*?)^```$").matcher(Files.readString(page));
    while (found.find()) {
      blocks.add(found.group(1));
    }
    return blocks;
  }

  /** The code of a page as it stands, with the names that every page may use. */
  private static String wrapped(String name, String block) {
    return """
    import io.bellfounder.graph.*;
    import io.bellfounder.graph.testing.*;
    import java.time.*;
    import java.util.*;
    class %s {
      void run(javax.sql.DataSource database, Runs runs, Graph graph, Graph older, UUID run,
          Map<String, Object> yaml) throws Exception {
        %s
      }
    }
    """
        .formatted(name, block);
  }

  private String run(Path program, String input) throws Exception {
    Process process = start(program);
    try (var out = process.outputWriter(StandardCharsets.UTF_8)) {
      out.write(input);
    }
    try (var said = process.inputReader(StandardCharsets.UTF_8)) {
      String all = String.join("\n", said.lines().toList()) + "\n";
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return all;
    } finally {
      process.destroyForcibly();
    }
  }

  private Process start(Path program) throws IOException {
    String url =
        "%s&user=%s&password=%s"
            .formatted(database.jdbcUrl(), database.ownerRole(), database.password());
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dstdout.encoding=UTF-8",
            "-cp",
            System.getProperty("java.class.path"),
            program.toString(),
            url)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
