package io.bellfounder.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What people meet on the console's pages beside the straight way. */
class ConsolePagesTest {

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
    browser.openFresh(world.server().url() + "/keys");
    browser.fill("E-mail address", Bellfounder.EMAIL);
    browser.fill("Password", Bellfounder.PASSWORD);
    browser.click("button", "Sign in");
    browser.seePage("Keys");
  }

  @Test
  void who_signs_out_is_out_also_on_the_way_back() {
    browser.click("button", "Admin owner");
    browser.click("menuitem", "Sign out");
    browser.seePage("Sign in");

    browser.back();
    browser.seePage("Sign in");
    browser.open(world.server().url() + "/calls");
    browser.seePage("Sign in");
  }

  @Test
  void a_session_that_is_ended_elsewhere_leads_to_the_sign_in_and_back() {
    String email = "joan@bell.example";
    join(email);
    browser.open(world.server().url() + "/calls?outcome=failed");
    browser.seePage("Calls");

    String changed = "another long password";
    Api.signedInAs(world.server().url(), email, Bellfounder.PASSWORD)
        .put(
            "/session/password",
            Map.of("currentPassword", Bellfounder.PASSWORD, "password", changed))
        .expect(204);

    browser.seePage("Sign in");
    assertThat(browser.address()).endsWith("/sign-in?next=%2Fcalls%3Foutcome%3Dfailed");
    browser.reload();
    browser.fill("E-mail address", email);
    browser.fill("Password", changed);
    browser.click("button", "Sign in");
    browser.seePage("Calls");
    assertThat(browser.address()).endsWith("/calls?outcome=failed");
  }

  /** A new administrator, whose password is {@link Bellfounder#PASSWORD}, at the first page. */
  private void join(String email) {
    Bellfounder.Printed link =
        Bellfounder.run(
            Map.of(),
            "admin",
            "link",
            "--new",
            "--email",
            email,
            "--data",
            world.server().data().toString());
    browser.openFresh(link.out().strip());
    browser.fill("Password", Bellfounder.PASSWORD);
    browser.fill("Password again", Bellfounder.PASSWORD);
    browser.click("button", "Save and open the console");
    browser.seePage("Overview");
  }

  @Test
  void a_wrong_password_says_what_to_check_and_the_right_one_helps() {
    browser.openFresh(world.server().url() + "/providers");
    browser.fill("E-mail address", Bellfounder.EMAIL);
    browser.fill("Password", "not the password");
    browser.click("button", "Sign in");
    browser.see("do not belong together");
    assertThat(browser.faults("sign-in-failed")).isEmpty();

    browser.fill("Password", Bellfounder.PASSWORD);
    browser.click("button", "Sign in");
    browser.seePage("Providers");
  }

  @Test
  void a_password_is_changed_on_the_account_page_by_the_keyboard_alone() {
    String email = "grace@bell.example";
    String changed = "another long password";
    join(email);
    Api elsewhere = Api.signedInAs(world.server().url(), email, Bellfounder.PASSWORD);

    browser.press("g");
    browser.press("a");
    browser.seePage("Account");
    browser.see(email);
    assertThat(browser.faults("account")).isEmpty();
    change("not the password", changed, changed);
    browser.see("This is not your current password.");
    assertThat(browser.faults("account-wrong-password")).isEmpty();
    change(Bellfounder.PASSWORD, "too short", "too short");
    browser.see("Use at least 12 characters.");
    change(Bellfounder.PASSWORD, changed, "another long passwort");
    browser.see("The two passwords differ.");
    change(Bellfounder.PASSWORD, changed, changed);
    browser.see("Your password is changed.");

    assertThat(browser.faults("account-changed")).isEmpty();
    assertThat(elsewhere.get("/session").expect(200).path("signedIn").asBoolean()).isFalse();
    browser.reload();
    browser.seePage("Account");
    assertThat(Api.signedInAs(world.server().url(), email, changed)).isNotNull();
  }

  /** From the field of the current password on, with the keyboard. */
  private static void change(String current, String wanted, String again) {
    browser.focusOn("Current password");
    for (String text : List.of(current, wanted, again)) {
      browser.press("Control+A");
      browser.type(text);
      browser.press("Tab");
    }
    browser.press("Enter");
  }

  @Test
  void a_key_that_is_revoked_elsewhere_is_shown_as_revoked_at_once() {
    JsonNode made = world.api().post("/keys", Map.of("name", "lost laptop")).expect(201);
    browser.seeInRow("lost laptop", "Active");

    world.api().delete("/keys/" + made.path("key").path("id").asText()).expect(200);

    browser.seeInRow("lost laptop", "Revoked");
    assertThat(browser.faults("key-revoked")).isEmpty();
  }

  @Test
  void a_key_is_revoked_by_the_keyboard_alone() {
    world.api().key("old laptop");
    browser.seeInRow("old laptop", "Active");

    browser.click("button", "Revoke old laptop");
    browser.see("Revoke “old laptop”?");
    assertThat(browser.faults("revoke")).isEmpty();
    browser.press("Escape");
    browser.seeFocus("Revoke old laptop");
    browser.press("Enter");
    browser.see("Revoke “old laptop”?");
    browser.click("button", "Revoke the key");

    browser.seeInRow("old laptop", "Revoked");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/nothing", "/keys/nothing", "/calls/no-such-call", "/sessions/tree?sessionId=x"})
  void a_page_that_is_not_there_shows_the_way_on(String path) {
    browser.open(world.server().url() + path);

    browser.see("There is no such");
    assertThat(browser.faults("not-found" + path.replaceAll("\\W", "-"))).isEmpty();
    browser.click("link", "Overview");
    browser.seePage("Overview");
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1.2", "team/a b", "..", "100%", "a\\b;c?d#e&f=g", "<i>bell</i>"})
  void a_session_is_opened_whatever_its_client_named_it(String id) {
    byte[] body = Calls.body("/v1/messages", false);
    try (RawHttp http = RawHttp.connect(world.server().url())) {
      http.post(
              "/v1/messages", body, "x-api-key: " + world.key(), "x-claude-code-session-id: " + id)
          .answer(Duration.ofSeconds(10));
    }
    world.api().settledCalls(id, 1);

    browser.click("link", "Sessions");
    browser.click("link", id);
    browser.see("Where the cost went");
    browser.see(id);
    browser.reload();
    browser.see("Where the cost went");
    assertThat(browser.address())
        .endsWith("/sessions/tree?sessionId=" + URLEncoder.encode(id, StandardCharsets.UTF_8));
    browser.click("link", "Main agent");
    browser.seePage("Calls");
    browser.see("Session " + id);
  }

  @Test
  void a_provider_that_fails_says_since_when_and_what_happens_next() {
    world.provider().always(Scene.refuses(529));
    try {
      String last = "";
      for (int call = 0; call < 2; call++) {
        last =
            Calls.call(world.server().url(), "/v1/messages", world.key())
                .responseHeader("x-bellfounder-call-id")
                .orElseThrow();
      }

      browser.click("link", "Providers");
      browser.see("Down");
      browser.see(
          "failures in a row. Calls go to the route's next target meanwhile, if it has one.");
      assertThat(browser.faults("provider-down")).isEmpty();
      browser.clickLink("/calls/" + last);
      browser.see("Each try of a target");
      browser.see("overloaded 529");
    } finally {
      world.provider().choose(List.of());
    }
  }
}
