package io.bellfounder.server.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.server.Browser.Answer;
import io.bellfounder.server.TestServer;
import io.bellfounder.testing.TemporaryDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

final class ConsoleFilesTest {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(
              SerializationFeature.INDENT_OUTPUT, SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          // As formatters of the console's files write it.
          .defaultPrettyPrinter(
              new DefaultPrettyPrinter(
                      Separators.createDefaultInstance()
                          .withObjectNameValueSpacing(Separators.Spacing.AFTER))
                  .withArrayIndenter(new DefaultIndenter()))
          .build();

  @RegisterExtension final TemporaryDatabase database = new TemporaryDatabase();
  @TempDir Path data;

  /** On the test class path stands a page of its own where the build has no console. */
  @Test
  void pages_are_the_index_and_what_is_no_page_is_not_found() throws Exception {
    try (TestServer server = TestServer.start(database, data)) {
      Answer root = server.browser().get("//").mustBe(200);
      assertThat(root.header("content-type")).startsWith("text/html");
      assertThat(root.header("cache-control")).contains("no-cache");
      for (String page :
          new String[] {"//sign-in", "//calls/019a", "//sessions/tree?sessionId=a%2Fb.c"}) {
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

  /** The console's own tests hold its types against this file. */
  @Test
  void the_api_describes_itself_in_openapi_as_the_console_knows_it() throws Exception {
    Path known = Path.of("../console/src/api/openapi.json");
    try (TestServer server = TestServer.start(database, data)) {
      ObjectNode served = (ObjectNode) server.browser().get("/openapi.json").mustBe(200).json();
      served.remove("servers");
      if (Boolean.getBoolean("openapi.write")) {
        Files.writeString(
            known, JSON.writeValueAsString(JSON.treeToValue(served, Map.class)) + "\n");
      }

      assertThat(served.path("openapi").asString()).startsWith("3.1");
      assertThat(served)
          .as("what is served; -Dopenapi.write=true writes it down anew")
          .isEqualTo(JSON.readTree(Files.readString(known)));
      assertThat(
              served.path("paths").path("/api/v1/keys").path("get").path("parameters").toString())
          .doesNotContain("caller");
    }
  }
}
