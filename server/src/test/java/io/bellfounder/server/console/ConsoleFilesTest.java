package io.bellfounder.server.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.server.Browser.Answer;
import io.bellfounder.server.TestServer;
import io.bellfounder.testing.TemporaryDatabase;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

final class ConsoleFilesTest {
  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  @TempDir Path data;

  /** On the test class path stands a page of its own where the build has no console. */
  @Test
  void pages_are_the_index_and_what_is_no_page_is_not_found() throws Exception {
    try (TestServer server = TestServer.start(database, data)) {
      Answer root = server.browser().get("//").mustBe(200);
      assertThat(root.header("content-type")).startsWith("text/html");
      assertThat(root.header("cache-control")).contains("no-cache");
      for (String page : new String[] {"//sign-in", "//calls/019a", "//sessions/tree?sessionId=a%2Fb.c"}) {
        assertThat(server.browser().get(page).mustBe(200).response().body())
            .as(page)
            .isEqualTo(root.response().body());
      }
      for (String nothing :
          new String[] {"//api/v1/nothing", "//assets/gone.js", "//gone.png", "//v1/nothing"}) {
        server.browser().get(nothing).mustBeProblem(404, "not_found");
      }
    }
  }

  @Test
  void the_api_describes_itself_in_openapi() throws Exception {
    try (TestServer server = TestServer.start(database, data)) {
      JsonNode description = server.browser().get("/openapi.json").mustBe(200).json();

      assertThat(description.path("openapi").asString()).startsWith("3.1");
      assertThat(description.path("paths").propertyNames())
          .contains(
              "/api/v1/session",
              "/api/v1/keys",
              "/api/v1/keys/{id}",
              "/api/v1/overview",
              "/api/v1/calls/{id}",
              "/api/v1/sessions/tree",
              "/api/v1/providers",
              "/api/v1/connect",
              "/api/v1/events");
      assertThat(
              description
                  .path("paths")
                  .path("/api/v1/keys")
                  .path("get")
                  .path("parameters")
                  .toString())
          .doesNotContain("caller");
    }
  }
}
