package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** An open page is told everything, also what happened while nobody could tell it. */
class ConsoleLiveTest {

  private static final Duration ENDS_WITHIN = Duration.ofSeconds(40);

  @Test
  void a_page_that_stood_open_over_a_restart_misses_no_call() {
    try (Upstream provider = Upstream.start();
        Chromium browser = Chromium.start()) {
      Map<String, String> environment = World.environment(provider.url(), Map.of());
      try (Bellfounder first = Bellfounder.up(DataDirectories.fresh(), environment)) {
        String key = first.administrator().key("laptop");
        browser.openFresh(first.url() + "/calls");
        browser.fill("E-mail address", Bellfounder.EMAIL);
        browser.fill("Password", Bellfounder.PASSWORD);
        browser.click("button", "Sign in");
        browser.see("No calls yet");
        browser.see("Live");

        String before = call(first, key);
        browser.seeLink("/calls/" + before);
        first.terminate();
        browser.see("Reconnecting…");
        assertThat(first.exit(ENDS_WITHIN)).isZero();
        browser.see("No connection to the server.");
        assertThat(browser.faults("no-connection")).isEmpty();
        assertThat(browser.count("[role=row] a")).isOne();

        try (Bellfounder second = Bellfounder.upAgain(first, environment)) {
          String between = call(second, key);
          browser.see("Live");
          browser.seeGone("No connection to the server.");
          String after = call(second, key);

          browser.seeLink("/calls/" + between);
          browser.seeLink("/calls/" + after);
          assertThat(browser.count("[role=row] a")).isEqualTo(3);
        }
      }
    }
  }

  private static String call(Bellfounder server, String key) {
    return Calls.call(server.url(), "/v1/messages", key)
        .responseHeader("x-bellfounder-call-id")
        .orElseThrow();
  }
}
