package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A link that does not sign in says what to do, and doing it helps. */
class ConsoleLinksTest {

  private static final String CHOSEN = "four unrelated words ring";

  @Test
  void an_expired_link_is_replaced_by_the_next_start_and_a_used_one_by_the_password() {
    Path data = DataDirectories.fresh();
    try (Chromium browser = Chromium.start()) {
      try (Bellfounder first = Bellfounder.up(data, Map.of())) {
        String expired = first.signInLink();
        assertThat(
                EmbeddedDatabase.below(data)
                    .change("UPDATE sign_in_link SET expires_at = now() - interval '1 second'"))
            .isOne();

        browser.openFresh(expired);
        browser.see("This link has expired.");
        browser.see("./bell admin link");
        assertThat(browser.faults("link-expired")).isEmpty();
      }

      try (Bellfounder second = Bellfounder.up(data, Map.of())) {
        String link = second.signInLink();
        browser.openFresh(link);
        browser.see("Welcome. Choose a password");
        assertThat(browser.faults("choose-password")).isEmpty();
        browser.fill("Your name", "Maria Glocke");
        browser.fill("E-mail address", "maria@bell.example");
        browser.fill("Password", CHOSEN);
        browser.fill("Password again", "four unrelated words sing");
        browser.click("button", "Save and open the console");
        browser.see("The two passwords differ.");
        browser.fill("Password again", CHOSEN);
        browser.click("button", "Save and open the console");
        browser.seePage("Overview");

        browser.openFresh(link);
        browser.see("it was used, replaced or mistyped");
        browser.see("sign in with it below");
        assertThat(browser.faults("link-used")).isEmpty();
        browser.fill("E-mail address", "maria@bell.example");
        browser.fill("Password", CHOSEN);
        browser.click("button", "Sign in");
        browser.seePage("Overview");
      }
    }
  }

  @Test
  void a_forgotten_password_is_replaced_by_a_link_from_the_command_line() {
    try (Chromium browser = Chromium.start();
        Bellfounder server = Bellfounder.up(DataDirectories.fresh(), Map.of())) {
      Api before = server.administrator();

      Bellfounder.Printed printed =
          Bellfounder.run(Map.of(), "admin", "link", "--data", server.data().toString());

      assertThat(printed.exit()).as(printed.error()).isZero();
      assertThat(printed.out()).startsWith(server.url() + "/sign-in#token=");
      assertThat(printed.error()).contains(Bellfounder.EMAIL);
      browser.openFresh(printed.out().strip());
      browser.see("Choose a password");
      browser.fill("Password", CHOSEN);
      browser.fill("Password again", CHOSEN);
      browser.click("button", "Save and open the console");
      browser.seePage("Overview");
      assertThat(before.get("/session").expect(200).path("signedIn").asBoolean()).isFalse();

      browser.openFresh(server.url());
      browser.fill("E-mail address", Bellfounder.EMAIL);
      browser.fill("Password", Bellfounder.PASSWORD);
      browser.click("button", "Sign in");
      browser.see("do not belong together");
      browser.clickText("Forgot the password?");
      browser.see("one-time link");
      assertThat(browser.faults("sign-in-forgotten")).isEmpty();
      browser.fill("Password", CHOSEN);
      browser.click("button", "Sign in");
      browser.seePage("Overview");
    }
  }
}
