package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The first day of an administrator, in a real browser; {@code clients/console.mjs} acts, this
 * judges.
 */
class ConsoleTest {

  private static final int SCRIPT_BYTES_MAX = 200_000;

  private static Upstream provider;
  private static Bellfounder server;
  private static JsonNode report;

  @BeforeAll
  static void go_through_the_first_day() throws IOException, InterruptedException {
    provider = Upstream.start();
    server = Bellfounder.up(DataDirectories.fresh(), World.environment(provider.url(), Map.of()));
    provider.always(Scene.says("Dong."));
    Map<String, String> task =
        Map.of(
            "link", server.signInLink(),
            "browser", Chromium.executable(),
            "screenshots", Chromium.screenshots().toString(),
            "model", World.ANTHROPIC_MODEL,
            "session", UUID.randomUUID().toString());
    Process process =
        new ProcessBuilder("node", "console.mjs")
            .directory(Repository.clients().toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (OutputStream in = process.getOutputStream()) {
      in.write(Json.write(task).getBytes(StandardCharsets.UTF_8));
    }
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("the browser's script ended well").isZero();
    report = Json.read(out);
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
    provider.close();
  }

  @Test
  void the_link_signs_in_once_and_leaves_no_token_in_the_address() {
    assertThat(report.path("addressAfterLink").asText()).doesNotContain("token");
    assertThat(report.path("afterSignIn").asText()).isEqualTo("/keys");
  }

  @Test
  void a_key_is_shown_once() {
    assertThat(report.path("secret").asText()).matches("bell_[A-Za-z0-9]{40}");
    assertThat(report.path("secretStays").asBoolean()).isFalse();
  }

  @Test
  void a_call_arrives_by_itself_within_two_seconds() {
    assertThat(report.path("status").asInt()).isEqualTo(200);
    assertThat(report.path("arrivedAfterMillis").asInt()).isLessThan(2_000);
  }

  @Test
  void the_cost_of_the_call_is_exact() {
    Usage billed =
        provider.bill().values().stream().flatMap(List::stream).toList().getFirst().usage();
    BigDecimal dollars =
        new BigDecimal(Prices.of(World.ANTHROPIC_MODEL).cost(billed))
            .movePointLeft(12)
            .stripTrailingZeros();

    assertThat(report.path("cost").asText()).isEqualTo(dollars.toPlainString());
    assertThat(report.path("costShown").asText()).isEqualTo(dollars.toPlainString());
    assertThat(report.path("costAfterReload").asText()).isEqualTo(dollars.toPlainString());
  }

  @Test
  void axe_finds_nothing_serious_on_any_page() {
    assertThat(Chromium.serious(report.path("axe"))).isEmpty();
  }

  @Test
  void every_page_is_drawn_in_dark_and_light_wide_and_narrow() throws IOException {
    List<JsonNode> shots = all("screenshots");
    assertThat(shots).hasSize((7 + 10) * 6);
    for (JsonNode shot : shots) {
      BufferedImage image = ImageIO.read(Path.of(shot.path("file").asText()).toFile());
      assertThat(colours(image)).as("colours of %s", shot).isGreaterThan(20);
      assertThat(brightness(image) < 0.5)
          .as("%s is dark", shot)
          .isEqualTo(shot.path("theme").asText().equals("dark"));
      assertThat(shot.path("overflow").asInt())
          .as("%s scrolls sideways", shot)
          .isLessThanOrEqualTo(0);
    }
  }

  @Test
  void the_overview_with_its_charts_needs_at_most_200_kilobytes_of_script() {
    long bytes = all("firstPageScripts").stream().mapToLong(s -> s.path("gzipped").asLong()).sum();
    System.out.println("the overview with its charts loads " + bytes + " bytes of script, gzipped");
    assertThat(report.path("charts").asInt()).isGreaterThan(2);
    assertThat(bytes).isBetween(1L, (long) SCRIPT_BYTES_MAX);
  }

  @Test
  void the_browser_has_nothing_to_complain_of_and_asks_nobody_else() {
    assertThat(all("strangers")).isEmpty();
    assertThat(
            all("complaintsInside").stream().map(JsonNode::asText).filter(c -> !c.contains("404")))
        .isEmpty();
  }

  private static List<JsonNode> all(String name) {
    return StreamSupport.stream(report.path(name).spliterator(), false).toList();
  }

  private static int colours(BufferedImage image) {
    Set<Integer> seen = new HashSet<>();
    for (int y = 0; y < image.getHeight(); y += 3) {
      for (int x = 0; x < image.getWidth(); x += 3) {
        seen.add(image.getRGB(x, y));
      }
    }
    return seen.size();
  }

  private static double brightness(BufferedImage image) {
    long sum = 0;
    long count = 0;
    for (int y = 0; y < image.getHeight(); y += 7) {
      for (int x = 0; x < image.getWidth(); x += 7) {
        int rgb = image.getRGB(x, y);
        sum += (rgb >> 16 & 255) + (rgb >> 8 & 255) + (rgb & 255);
        count += 3 * 255;
      }
    }
    return (double) sum / count;
  }
}
