package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The first day of an administrator, in a real browser. */
class ConsoleTest {

  private static final int SCRIPT_BYTES_MAX = 200_000;
  private static final String EMAIL = "maria@bell.example";
  private static final String PASSWORD = "four unrelated words ring";
  private static final String LAPTOP = "Maria’s laptop";
  private static final List<String> EMPTY_PAGES =
      List.of(
          "/",
          "/calls",
          "/sessions",
          "/keys",
          "/providers",
          "/connect",
          "/account",
          "/nothing-here");

  private static final List<JsonNode> LOOKS = new ArrayList<>();
  private static Upstream provider;
  private static Bellfounder server;
  private static Chromium browser;
  private static String addressAfterLink;
  private static String secret;
  private static boolean secretStays;
  private static Exchange call;
  private static Duration arrivedAfter;
  private static JsonNode cost;
  private static JsonNode costAfterReload;
  private static JsonNode overview;
  private static List<String> complaints;
  private static List<String> asked;
  private static String afterSignIn;

  @BeforeAll
  static void go_through_the_first_day() {
    provider = Upstream.start();
    server = Bellfounder.up(DataDirectories.fresh(), World.environment(provider.url(), Map.of()));
    browser = Chromium.start();
    provider.always(Scene.says("Dong."));
    addressAfterLink = signInByTheLink();
    EMPTY_PAGES.forEach(
        page -> look("empty-" + (page.equals("/") ? "overview" : page.substring(1)), page));
    secret = makeAKey();
    secretStays = browser.holds(secret);
    String session = UUID.randomUUID().toString();
    browser.click("link", "Calls");
    browser.see("No calls yet");
    long called = System.nanoTime();
    call = call(session);
    String id = call.responseHeader("x-bellfounder-call-id").orElseThrow();
    browser.seeLink("/calls/" + id);
    arrivedAfter = Duration.ofNanos(System.nanoTime() - called);
    browser.clickLink("/calls/" + id);
    cost = browser.marked("total-cost");
    browser.reload();
    costAfterReload = browser.marked("total-cost");
    lookAtEveryPage(id, session);
    overview = browser.scripts(server.url(), "svg.recharts-surface");
    complaints = browser.complaints();
    asked = browser.asked();
    afterSignIn = signInByThePassword();
  }

  /** The address that is shown while the password is chosen. */
  private static String signInByTheLink() {
    browser.openFresh(server.signInLink());
    browser.fill("Your name", "Maria Glocke");
    browser.fill("E-mail address", EMAIL);
    browser.fill("Password", PASSWORD);
    browser.fill("Password again", PASSWORD);
    String address = browser.address();
    browser.click("button", "Save and open the console");
    browser.seePage("Overview");
    return address;
  }

  private static String makeAKey() {
    browser.open(server.url());
    browser.click("link", "Keys");
    browser.click("button", "New key");
    browser.fill("Name", LAPTOP);
    browser.click("button", "Make the key");
    String shown = browser.marked("secret").path("text").asText();
    browser.click("button", "I have it");
    browser.see(LAPTOP);
    return shown;
  }

  private static Exchange call(String session) {
    try (RawHttp http = RawHttp.connect(server.url())) {
      return http.post(
              "/v1/messages",
              Calls.body("/v1/messages", false),
              "x-api-key: " + secret,
              "x-claude-code-session-id: " + session)
          .answer(Duration.ofSeconds(10));
    }
  }

  private static void lookAtEveryPage(String call, String session) {
    look("overview", "/");
    look("calls", "/calls");
    look("call", "/calls/" + call);
    look("sessions", "/sessions");
    look("session", "/sessions/tree?sessionId=" + session);
    look("keys", "/keys");
    look("new-key", "/keys?create=yes");
    look("providers", "/providers");
    look("connect", "/connect");
  }

  private static void look(String name, String path) {
    browser.open(server.url() + path);
    LOOKS.add(browser.look(name));
  }

  /** Where one is then. */
  private static String signInByThePassword() {
    browser.openFresh(server.url() + "/keys");
    browser.fill("E-mail address", EMAIL);
    LOOKS.add(browser.look("sign-in"));
    browser.fill("Password", PASSWORD);
    browser.click("button", "Sign in");
    browser.seePage("Keys");
    return URI.create(browser.address()).getPath();
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
    if (server != null) {
      server.close();
    }
    provider.close();
  }

  @Test
  void the_link_signs_in_and_leaves_no_token_in_the_address() {
    assertThat(addressAfterLink).doesNotContain("token");
  }

  @Test
  void the_password_signs_in_to_the_page_that_was_asked_for() {
    assertThat(afterSignIn).isEqualTo("/keys");
  }

  @Test
  void a_key_is_shown_once() {
    assertThat(secret).matches("bell_[A-Za-z0-9]{40}");
    assertThat(secretStays).isFalse();
  }

  @Test
  void a_call_arrives_by_itself_within_two_seconds() {
    assertThat(call.status()).isEqualTo(200);
    assertThat(arrivedAfter).isLessThan(Duration.ofSeconds(2));
  }

  @Test
  void the_cost_of_the_call_is_exact() {
    Usage billed =
        provider.bill().values().stream().flatMap(List::stream).toList().getFirst().usage();
    String dollars =
        new BigDecimal(Prices.of(World.ANTHROPIC_MODEL).cost(billed))
            .movePointLeft(12)
            .stripTrailingZeros()
            .toPlainString();

    assertThat(cost.path("value").asText()).isEqualTo(dollars);
    assertThat(cost.path("text").asText()).isEqualTo(dollars);
    assertThat(costAfterReload.path("value").asText()).isEqualTo(dollars);
  }

  @Test
  void axe_finds_nothing_serious_on_any_page() {
    assertThat(LOOKS.stream().flatMap(look -> Chromium.serious(look.path("violations")).stream()))
        .isEmpty();
  }

  @Test
  void every_page_is_drawn_in_dark_and_light_wide_and_narrow() throws IOException {
    List<JsonNode> shots =
        LOOKS.stream().flatMap(look -> Chromium.all(look.path("screenshots"))).toList();
    assertThat(shots).hasSize((EMPTY_PAGES.size() + 10) * 6);
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

  /** Wider tables have regions of their own that scroll; these are read on phones. */
  @ParameterizedTest
  @ValueSource(strings = {"empty-sessions", "sessions", "empty-account"})
  void a_page_for_phones_has_no_region_that_scrolls_sideways(String name) {
    List<JsonNode> tiny =
        LOOKS.stream()
            .flatMap(look -> Chromium.all(look.path("screenshots")))
            .filter(shot -> shot.path("name").asText().equals(name))
            .toList();
    assertThat(tiny)
        .hasSize(6)
        .allSatisfy(shot -> assertThat(shot.path("regions").asInt()).isZero());
  }

  @Test
  void the_overview_with_its_charts_needs_at_most_200_kilobytes_of_script() {
    long bytes =
        Chromium.all(overview.path("scripts")).mapToLong(s -> s.path("gzipped").asLong()).sum();
    System.out.println("the overview with its charts loads " + bytes + " bytes of script, gzipped");
    assertThat(overview.path("drawn").asInt()).isGreaterThan(2);
    assertThat(bytes).isBetween(1L, (long) SCRIPT_BYTES_MAX);
  }

  @Test
  void the_browser_has_nothing_to_complain_of_and_asks_nobody_else() {
    assertThat(asked).isNotEmpty().allMatch(address -> address.startsWith(server.url() + "/"));
    assertThat(complaints).allMatch(complaint -> complaint.contains("404"));
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
