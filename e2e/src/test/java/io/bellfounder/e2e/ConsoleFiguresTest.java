package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pages that stand open show what happens, each by itself; figures are cut as one asks. */
class ConsoleFiguresTest {

  private static World world;
  private static Chromium browser;

  @BeforeAll
  static void start() {
    world = World.start(Map.of("BELL_GATEWAY_BREAKER_FAILURES", "2"));
    browser = Chromium.start();
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
    world.close();
  }

  @BeforeEach
  void sign_in() {
    browser.openFresh(world.server().url() + "/");
    browser.fill("E-mail address", Bellfounder.EMAIL);
    browser.fill("Password", Bellfounder.PASSWORD);
    browser.click("button", "Sign in");
    browser.seePage("Overview");
    browser.see("Live");
  }

  @Test
  void the_overview_counts_a_call_by_itself() {
    call("overview-warm", "first key", World.ANTHROPIC_MODEL);
    browser.see("What it was for");
    browser.click("radio", "By key");
    browser.see("first key");

    call("overview-live", "second key", World.ANTHROPIC_MODEL);

    browser.see("second key");
  }

  @Test
  void the_overview_is_cut_by_range_bar_zone_and_group_and_its_address_says_so() {
    call("cut", "cut key", World.OPENAI_MODEL);
    browser.see("What it was for");

    browser.click("radio", "30 days");
    browser.choose("One bar for each", "week");
    browser.click("radio", "By member");
    browser.seeInRow("Admin", "Admin");
    browser.click("radio", "Summed up");
    browser.choose("Time zone", "Pacific/Auckland");
    assertThat(browser.address()).contains("range=30d", "bucket=week", "by=member");
    assertThat(browser.faults("overview-cut")).isEmpty();

    browser.reload();
    browser.see("What it was for");
    browser.seeInRow("Admin", "Admin");
    assertThat(browser.address()).contains("range=30d", "bucket=week", "by=member");

    browser.click("radio", "Other…");
    browser.fill("First day", "2025-01-01");
    browser.fill("Last day", "2025-01-31");
    browser.see("No calls in this range");
    assertThat(browser.address()).contains("from=2025-01-01", "to=2025-01-31");
  }

  @Test
  void a_session_appears_by_itself() {
    browser.click("link", "Sessions");
    browser.seePage("Sessions");

    call("appears", "session key", World.ANTHROPIC_MODEL);

    browser.see("appears");
    assertThat(browser.faults("session-appeared")).isEmpty();
  }

  @Test
  void a_provider_that_fails_is_shown_as_it_fails() {
    browser.click("link", "Providers");
    browser.seePage("Providers");
    world.provider().always(Scene.refuses(500));
    try {
      String model = "claude-fails-while-watched";
      String key = key("provider key");
      for (int call = 0; call < 2; call++) {
        post("provider", key, model);
      }

      browser.see("Paused after 2 failures in a row.");
      browser.see("Down");
    } finally {
      world.provider().choose(List.of());
    }
  }

  @Test
  void the_connect_page_notices_the_first_call_of_the_key_that_is_made_there() {
    browser.click("link", "Connect");
    browser.seePage("Connect");
    browser.click("button", "New key");
    browser.fill("Name", "at the connect page");
    browser.click("button", "Make the key");
    String secret = browser.marked("secret").path("text").asText();
    browser.click("button", "I have it");
    browser.see("Waiting for the first call of");
    assertThat(browser.faults("connect-waiting")).isEmpty();
    call("another", "another key", World.ANTHROPIC_MODEL);
    browser.see("Waiting for the first call of");

    post("connect", secret, World.ANTHROPIC_MODEL);

    browser.see("First call seen");
    assertThat(browser.faults("connect-seen")).isEmpty();
  }

  private static void call(String session, String keyName, String model) {
    post(session, key(keyName), model);
  }

  private static String key(String name) {
    JsonNode made = world.api().post("/keys", Map.of("name", name)).expect(201);
    return made.path("secret").asText();
  }

  private static void post(String session, String key, String model) {
    String path = model.startsWith("claude") ? "/v1/messages" : "/v1/chat/completions";
    byte[] body =
        SameBytes.utf8(
            Json.write(
                Map.of(
                    "model",
                    model,
                    "max_tokens",
                    64,
                    "messages",
                    List.of(Map.of("role", "user", "content", "hi")))));
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      http.post(path, body, "x-api-key: " + key, "x-claude-code-session-id: " + session)
          .answer(Duration.ofSeconds(10));
    }
  }
}
