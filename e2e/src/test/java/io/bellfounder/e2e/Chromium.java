package io.bellfounder.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * A real browser with one window, told step by step what to do; {@code clients/browser.mjs} drives
 * it. Each step waits up to 20 s for what it names, and fails with what stood in the way.
 */
final class Chromium implements AutoCloseable {

  private final Process process;
  private final BufferedWriter out;
  private final BufferedReader in;

  private Chromium(Process process) {
    this.process = process;
    this.out = process.outputWriter(StandardCharsets.UTF_8);
    this.in = process.inputReader(StandardCharsets.UTF_8);
  }

  static Chromium start() {
    try {
      return new Chromium(
          new ProcessBuilder("node", "browser.mjs", executable(), screenshots().toString())
              .directory(Repository.clients().toFile())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Debian's Chromium, or the one named by BELL_TEST_BROWSER. */
  static String executable() {
    String named = System.getenv("BELL_TEST_BROWSER");
    return named != null
        ? named
        : List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
            .stream()
            .filter(path -> Files.isExecutable(Path.of(path)))
            .findFirst()
            .orElseThrow(
                () -> new IllegalStateException("no browser: install the package chromium"));
  }

  /** Where screenshots are left for people to look at. */
  static Path screenshots() {
    return Repository.root().resolve("e2e/target/screenshots");
  }

  /** Opens an address in a window that knows nothing of earlier ones. */
  void openFresh(String address) {
    tell("fresh");
    open(address);
  }

  void open(String address) {
    tell("open", address);
  }

  void reload() {
    tell("reload");
  }

  void back() {
    tell("back");
  }

  void fill(String label, String text) {
    tell("fill", label, text);
  }

  /** Clicks on what has this ARIA role and exactly this name. */
  void click(String role, String name) {
    tell("click", role, name);
  }

  /** Clicks on the first link to an address. */
  void clickLink(String address) {
    tell("clickLink", address);
  }

  void clickText(String text) {
    tell("clickText", text);
  }

  void press(String key) {
    tell("press", key);
  }

  /** Writes where the keyboard's focus is. */
  void type(String text) {
    tell("type", text);
  }

  /** Puts the keyboard's focus on a field, by its label. */
  void focusOn(String label) {
    tell("focusOn", label);
  }

  /** Picks from a list of choices, by its label. */
  void choose(String label, String value) {
    tell("choose", label, value);
  }

  /** Waits until the text is nowhere to be seen. */
  void seeGone(String text) {
    tell("gone", text);
  }

  /** Waits until the text is to be seen. */
  void see(String text) {
    tell("see", text);
  }

  /** Waits until a row of a table that holds a text also holds another. */
  void seeInRow(String row, String text) {
    tell("seeIn", row, text);
  }

  /** Waits for a link to an address. */
  void seeLink(String address) {
    tell("link", address);
  }

  /** Waits for a page by its heading. */
  void seePage(String heading) {
    tell("heading", heading);
  }

  int count(String selector) {
    return tell("count", selector).asInt();
  }

  /** Waits until what has this ARIA label has the keyboard's focus. */
  void seeFocus(String label) {
    tell("focus", label);
  }

  String address() {
    return tell("address").asText();
  }

  /** What the window complained of since it was opened. */
  List<String> complaints() {
    return all(tell("complaints")).map(JsonNode::asText).toList();
  }

  /** Every address the window asked since it was opened. */
  List<String> asked() {
    return all(tell("asked")).map(JsonNode::asText).toList();
  }

  /** The {@code text} and {@code value} of what has this test id. */
  JsonNode marked(String testId) {
    return tell("marked", testId);
  }

  boolean holds(String text) {
    return tell("holds", text).asBoolean();
  }

  /**
   * The {@code scripts} that a page makes a browser fetch that has none yet.
   *
   * @param drawn what is on the page once it is whole
   */
  JsonNode scripts(String address, String drawn) {
    return tell("scripts", address, drawn);
  }

  /** Photographs the page in every look: {@code screenshots}, and axe's {@code violations}. */
  JsonNode look(String name) {
    return tell("look", name);
  }

  /**
   * Photographs the page in every look, and returns what axe finds serious and what is too wide.
   */
  List<JsonNode> faults(String name) {
    JsonNode seen = look(name);
    return Stream.concat(
            serious(seen.path("violations")).stream(),
            all(seen.path("screenshots")).filter(shot -> shot.path("overflow").asInt() > 0))
        .toList();
  }

  /** Those of axe's findings that keep people out. */
  static List<JsonNode> serious(JsonNode violations) {
    return all(violations)
        .filter(v -> Set.of("serious", "critical").contains(v.path("impact").asText()))
        .toList();
  }

  static Stream<JsonNode> all(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
  }

  private JsonNode tell(String action, String... words) {
    try {
      out.write(Json.write(Map.of("do", action, "with", words)));
      out.newLine();
      out.flush();
      @Nullable String line = in.readLine();
      if (line == null) {
        throw new AssertionError("the browser's driver ended at " + action);
      }
      JsonNode answer = Json.read(line);
      if (answer.has("error")) {
        throw new AssertionError(answer.path("error").asText());
      }
      return answer.path("value");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      out.close();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException _) {
      // It is gone already, and so it is closed.
    } catch (InterruptedException _) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
