package io.bellfounder.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.bellfounder.server.config.BellConfig.Auth;
import io.bellfounder.server.config.BellConfig.ProviderSettings;
import io.bellfounder.server.config.BellConfig.Role;
import io.bellfounder.server.config.BellConfig.RouteSettings;
import io.bellfounder.server.config.BellConfig.TargetSettings;
import io.bellfounder.wire.Dialect;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {

  @Test
  void without_any_source_every_key_has_its_documented_default() {
    BellConfig config = load(null, Map.of());

    assertThat(config.server())
        .isEqualTo(
            new BellConfig.Server(
                "127.0.0.1",
                8080,
                null,
                List.of(),
                32L << 20,
                Duration.ZERO,
                Duration.ofSeconds(30),
                Set.of(Role.ALL)));
    assertThat(config.dataDir()).isEqualTo(Path.of("./.bell"));
    assertThat(config.database()).isEqualTo(new BellConfig.Database(null, null, null, 10));
    assertThat(config.masterKey()).isNull();
    assertThat(config.gateway())
        .isEqualTo(
            new BellConfig.GatewaySettings(
                Duration.ofSeconds(10),
                Duration.ofSeconds(5),
                Duration.ofSeconds(300),
                Duration.ofSeconds(300),
                Duration.ofSeconds(340),
                3,
                Duration.ofSeconds(30),
                2000,
                Duration.ofMillis(50),
                2L << 30));
    assertThat(config.providers()).isEmpty();
    assertThat(config.routes()).isEmpty();
    assertThat(config.priceFile()).isNull();
    assertThat(config.logging())
        .isEqualTo(
            new BellConfig.Logging(BellConfig.Logging.Level.INFO, BellConfig.Logging.Format.JSON));
  }

  @Test
  void every_key_can_be_set_in_the_file() {
    BellConfig config =
        load(
            """
            server:
              host: 0.0.0.0
              port: 9000
              publicUrl: https://bell.example.org/
              trustedProxies: [10.0.0.0/8, 192.168.1.1]
              maxBodyBytes: 1MiB
              drainDelay: 10s
              drainTimeout: 1m
              roles: [gateway]
            data: {dir: /var/lib/bell}
            database: {url: "jdbc:postgresql://db/bell", user: bell, password: hush, poolSize: 20}
            security: {masterKey: 0123456789abcdef0123456789abcdef}
            gateway:
              pingInterval: 500ms
              connectTimeout: 1s
              firstByteTimeout: 2m
              idleTimeout: 3m
              totalDeadline: 4m
              breaker: {failures: 5, openFor: 10s}
              maxConcurrentCalls: 50
              ledger: {syncInterval: 10ms, maxBytes: 1GiB}
            providers:
              anthropic: {apiKey: sk-ant-1}
              corp: {dialect: openai, baseUrl: "http://llm.corp/v1", auth: none, models: [qwen*, llama*]}
            routes:
              fast: {targets: [{provider: corp, model: qwen/qwen3}, corp]}
            prices: {file: prices.json}
            logging: {level: debug, format: text}
            """,
            Map.of());

    assertThat(config.server().publicUrl()).isEqualTo(URI.create("https://bell.example.org"));
    assertThat(config.server().trustedProxies()).containsExactly("10.0.0.0/8", "192.168.1.1");
    assertThat(config.server().maxBodyBytes()).isEqualTo(1 << 20);
    assertThat(config.server().drainDelay()).isEqualTo(Duration.ofSeconds(10));
    assertThat(config.server().roles()).containsExactly(Role.GATEWAY);
    assertThat(config.database().password()).isEqualTo(new Secret("hush"));
    assertThat(config.gateway().breakerFailures()).isEqualTo(5);
    assertThat(config.gateway().ledgerSyncInterval()).isEqualTo(Duration.ofMillis(10));
    assertThat(config.providers())
        .containsExactlyInAnyOrder(
            new ProviderSettings(
                "anthropic",
                Dialect.ANTHROPIC,
                URI.create("https://api.anthropic.com"),
                Auth.X_API_KEY,
                new Secret("sk-ant-1"),
                List.of("claude*"),
                "configuration"),
            new ProviderSettings(
                "corp",
                Dialect.OPENAI,
                URI.create("http://llm.corp/v1"),
                Auth.NONE,
                null,
                List.of("qwen*", "llama*"),
                "configuration"));
    assertThat(config.routes())
        .containsExactly(
            new RouteSettings(
                "fast",
                List.of(
                    new TargetSettings("corp", "qwen/qwen3"), new TargetSettings("corp", null))));
    assertThat(config.priceFile()).isEqualTo(Path.of("prices.json"));
    assertThat(config.logging().format()).isEqualTo(BellConfig.Logging.Format.TEXT);
  }

  @Test
  void every_key_can_be_set_in_the_environment_and_outranks_the_file() {
    BellConfig config =
        load(
            "server: {port: 1}",
            Map.of(
                "BELL_SERVER_PORT", "2",
                "BELL_SERVER_MAX_BODY_BYTES", "2MiB",
                "BELL_DATABASE_URL", "postgres://db/bell",
                "BELL_GATEWAY_BREAKER_OPEN_FOR", "1m",
                "BELL_PROVIDERS_MY_CORP_BASE_URL", "http://llm.corp/v1",
                "BELL_PROVIDERS_MY_CORP_DIALECT", "openai",
                "BELL_PROVIDERS_MY_CORP_API_KEY", "secret",
                "BELL_ROUTES_BIG_MODEL_TARGETS", "my-corp/big"));

    assertThat(config.server().port()).isEqualTo(2);
    assertThat(config.server().maxBodyBytes()).isEqualTo(2 << 20);
    assertThat(config.database().url()).isEqualTo("postgres://db/bell");
    assertThat(config.gateway().breakerOpenFor()).isEqualTo(Duration.ofMinutes(1));
    assertThat(config.providers()).extracting(ProviderSettings::name).containsExactly("my-corp");
    assertThat(config.routes())
        .containsExactly(
            new RouteSettings("big-model", List.of(new TargetSettings("my-corp", "big"))));
  }

  @Test
  void variables_are_named_alike_in_every_language() {
    Locale usual = Locale.getDefault();
    Locale.setDefault(Locale.of("tr"));
    try {
      BellConfig config =
          load(
              null,
              Map.of(
                  "BELL_DATA_DIR", "/d",
                  "BELL_PROVIDERS_MINE_DIALECT", "openai",
                  "BELL_PROVIDERS_MINE_BASE_URL", "http://mine",
                  "BELL_PROVIDERS_MINE_API_KEY", "k"));

      assertThat(config.dataDir()).isEqualTo(Path.of("/d"));
      assertThat(config.providers()).extracting(ProviderSettings::name).containsExactly("mine");
    } finally {
      Locale.setDefault(usual);
    }
  }

  @Test
  void the_command_line_outranks_everything() {
    BellConfig config =
        ConfigLoader.load(
                "server: {port: 1}",
                "f",
                Map.of("BELL_SERVER_PORT", "2"),
                Map.of("server.port", "3"))
            .config();

    assertThat(config.server().port()).isEqualTo(3);
  }

  @Test
  void providers_appear_from_the_variables_their_own_sdks_read() {
    BellConfig config =
        load(
            null,
            Map.of(
                "ANTHROPIC_API_KEY", "a",
                "OPENAI_API_KEY", "o",
                "GEMINI_API_KEY", "g",
                "OLLAMA_HOST", "0.0.0.0",
                "BELL_PROVIDERS_ANTHROPIC_BASE_URL", "http://127.0.0.1:9099"));

    assertThat(config.providers())
        .extracting(
            ProviderSettings::name,
            provider -> provider.baseUrl().toString(),
            ProviderSettings::source)
        .containsExactly(
            tuple("anthropic", "http://127.0.0.1:9099", "environment"),
            tuple("openai", "https://api.openai.com/v1", "environment"),
            tuple(
                "gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "environment"),
            tuple("ollama", "http://127.0.0.1:11434/v1", "environment"));
  }

  @Test
  void a_file_that_configures_providers_keeps_others_from_appearing() {
    BellConfig config = load("providers: {openai: {apiKey: x}}", Map.of("ANTHROPIC_API_KEY", "a"));

    assertThat(config.providers()).extracting(ProviderSettings::name).containsExactly("openai");
  }

  @Test
  void an_unknown_key_in_the_file_names_itself_its_line_and_the_nearest_known_one() {
    assertThatThrownBy(() -> load("server:\n  prot: 8080\n", Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "bellfounder.yaml line 2: unknown key `server.prot`. Did you mean `server.port`?");
  }

  @Test
  void an_unknown_key_below_a_provider_keeps_the_providers_name() {
    assertThatThrownBy(() -> load("providers:\n  corp:\n    baseURI: http://x\n", Map.of()))
        .hasMessageContaining(
            "unknown key `providers.corp.baseURI`. Did you mean `providers.corp.baseUrl`?");
  }

  @Test
  void a_section_with_a_value_is_told_what_stands_below_it() {
    assertThatThrownBy(() ->
            load("server: 8080\nproviders:\n  anthropic: canary\nroutes: {fast: [a]}\n", Map.of()))
        .hasMessage(
            """
            bellfounder.yaml line 1: unknown key `server`. It takes keys below it, such as `server.host`.
            bellfounder.yaml line 3: unknown key `providers.anthropic`. It takes keys below it, such as `providers.anthropic.dialect`.
            bellfounder.yaml line 4: unknown key `routes.fast`. It takes keys below it, such as `routes.fast.targets`.\
            """);
  }

  @Test
  void an_unknown_variable_names_itself_and_the_nearest_known_one() {
    assertThatThrownBy(() -> load(null, Map.of("BELL_SERVER_PROT", "1")))
        .hasMessage(
            "The environment variable BELL_SERVER_PROT is not a setting. Did you mean BELL_SERVER_PORT?");
  }

  @Test
  void variables_that_others_read_are_no_settings_and_stop_nothing() {
    BellConfig config =
        load(
            null,
            Map.of("BELL_JAVA_OPTS", "-Xmx1g", "BELL_CONFIG", "f", "BELL_TEST_BROWSER", "/b"));

    assertThat(config).isEqualTo(load(null, Map.of()));
  }

  @Test
  void a_wrong_value_names_the_key_the_place_and_what_it_takes() {
    assertThatThrownBy(() -> load("server:\n  port: eighty\n", Map.of()))
        .hasMessage(
            "bellfounder.yaml line 2: `server.port` `eighty` is not a whole number. It takes 0 to 65535; 0 takes any free port.");
  }

  @Test
  void all_problems_are_named_at_once() {
    assertThatThrownBy(() ->
            load(
                "server: {port: 70000, drainTimeout: soon, roles: [king]}",
                Map.of("BELL_NONSENSE_XYZ", "")))
        .isInstanceOfSatisfying(ConfigException.class, e -> assertThat(e.problems()).hasSize(4));
  }

  @Test
  void a_wrong_secret_is_not_repeated() {
    assertThatThrownBy(() -> load("security: {masterKey: short-secret}", Map.of()))
        .hasMessageContaining("shorter than 32 characters")
        .hasMessageNotContaining("short-secret");
  }

  @Test
  void a_key_that_cannot_stand_in_a_header_is_refused_and_not_repeated(@TempDir Path dir)
      throws IOException {
    Path file = Files.writeString(dir.resolve("key"), "sk-canary\nsecond-canary\n");

    assertThatThrownBy(
            () -> load("providers: {openai: {apiKey: '${file:" + file + "}'}}", Map.of()))
        .hasMessage(
            "bellfounder.yaml line 1: `providers.openai.apiKey` has a line break in it. It takes one line of printable ASCII.");
    for (String key : List.of("canary\r\nx: y", "canary\u0000x", "canary\u007fx", "canary-ключ")) {
      assertThatThrownBy(() -> load(null, Map.of("BELL_PROVIDERS_OPENAI_API_KEY", key)))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("BELL_PROVIDERS_OPENAI_API_KEY: `providers.openai.apiKey` has a ")
          .hasMessageNotContaining("canary");
    }
    assertThat(load(null, Map.of("BELL_PROVIDERS_OPENAI_API_KEY", "sk-1\n")).providers())
        .extracting(ProviderSettings::apiKey)
        .containsExactly(new Secret("sk-1"));
  }

  @Test
  void a_url_that_is_refused_is_shown_without_its_password() {
    for (String url :
        List.of("http://u:canary@x/", "http://u:can/canary@x/", "http://x/?key=canary")) {
      assertThatThrownBy(() ->
              load(
                  "providers: {corp: {dialect: openai, auth: none, baseUrl: '%s'}}".formatted(url),
                  Map.of("BELL_SERVER_PUBLIC_URL", url.replace("/canary", "^canary"))))
          .hasMessageContaining("`providers.corp.baseUrl` `http://")
          .hasMessageContaining("`server.publicUrl` `http://")
          .hasMessageNotContaining("canary");
    }
  }

  @Test
  void a_trusted_proxy_is_an_address_or_a_block() {
    List<String> good = List.of("10.0.0.0/8", "192.168.1.1", "::1", "fd00::/8", "0.0.0.0/0");
    assertThat(load("server: {trustedProxies: " + yaml(good) + "}", Map.of()).server())
        .extracting(BellConfig.Server::trustedProxies)
        .isEqualTo(good);

    for (String bad :
        List.of(
            "banana", "10.1", "10.0.0.256", "10.0.0.0/33", "10.0.0.0/x", "::1/129", "a.b.c.d")) {
      assertThatThrownBy(
              () -> load("server: {trustedProxies: " + yaml(List.of("::1", bad)) + "}", Map.of()))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith("bellfounder.yaml line 1: `server.trustedProxies` ")
          .hasMessageContaining("has `" + bad + "` in it");
    }
  }

  private static String yaml(List<String> items) {
    return "['" + String.join("', '", items) + "']";
  }

  @Test
  void a_provider_without_a_key_says_where_to_put_it() {
    for (String empty : List.of("{anthropic: {models: [x]}}", "{anthropic: {}}", "{anthropic: }")) {
      assertThatThrownBy(() -> load("providers: " + empty, Map.of("ANTHROPIC_API_KEY", "unused")))
          .hasMessage(
              "The provider `anthropic` has no key: set `providers.anthropic.apiKey`, such as to `${env:ANTHROPIC_API_KEY}`, or `providers.anthropic.auth: none` if it wants none.");
    }
    assertThatThrownBy(() -> load(null, Map.of("BELL_PROVIDERS_ANTHROPIC_BASE_URL", "http://x")))
        .hasMessageContaining(
            "`providers.anthropic.apiKey` or the environment variable ANTHROPIC_API_KEY");
  }

  @Test
  void a_name_alone_is_a_provider_where_nothing_more_is_needed() {
    LoadedConfig loaded =
        ConfigLoader.load("providers:\n  ollama:\n", "bellfounder.yaml", Map.of(), Map.of());

    assertThat(loaded.config().providers())
        .extracting(ProviderSettings::name, provider -> provider.baseUrl().toString())
        .containsExactly(tuple("ollama", "http://127.0.0.1:11434/v1"));
    assertThat(String.join("\n", loaded.lines()))
        .containsPattern("providers.ollama.apiKey: +\\(not set\\)");
  }

  @Test
  void a_name_alone_is_told_what_it_needs() {
    assertThatThrownBy(() -> load("providers:\n  corp:\nroutes:\n  fast: {}\n", Map.of()))
        .hasMessageContaining("`providers.corp.dialect` is missing: it takes anthropic or openai.")
        .hasMessageContaining("`providers.corp.baseUrl` is missing")
        .hasMessageContaining("The provider `corp` has no key")
        .hasMessageContaining("bellfounder.yaml line 4: `routes.fast.targets`")
        .hasMessageContaining("a route needs at least one target");
    assertThatThrownBy(() -> load("nonsense: {}", Map.of()))
        .hasMessageContaining("unknown key `nonsense`");
  }

  @Test
  void an_unknown_provider_needs_a_dialect_and_an_address() {
    assertThatThrownBy(() -> load("providers: {corp: {auth: none}}", Map.of()))
        .hasMessageContaining("`providers.corp.dialect` is missing")
        .hasMessageContaining("`providers.corp.baseUrl` is missing");
  }

  @Test
  void a_route_to_an_unknown_provider_is_refused() {
    assertThatThrownBy(() ->
            load(
                "providers: {openai: {apiKey: x}}\nroutes: {fast: {targets: [opnai/gpt]}}",
                Map.of()))
        .hasMessageContaining(
            "names the provider `opnai`, which is not configured; did you mean `openai`?");
  }

  @Test
  void a_route_over_two_dialects_is_refused() {
    assertThatThrownBy(() ->
            load(
                "providers: {openai: {apiKey: x}, anthropic: {apiKey: y}}\nroutes: {r: {targets: [openai, anthropic]}}",
                Map.of()))
        .hasMessageContaining("mixes providers of different dialects");
  }

  @Test
  void broken_yaml_names_the_line() {
    assertThatThrownBy(() -> load("server:\n  port: [1\n", Map.of()))
        .hasMessageContaining("bellfounder.yaml line")
        .hasMessageContaining("not valid YAML");
  }

  @Test
  void a_key_given_twice_is_refused() {
    assertThatThrownBy(() -> load("server: {port: 1}\nserver: {port: 2}\n", Map.of()))
        .isInstanceOf(ConfigException.class);
  }

  @Test
  void secrets_come_from_the_environment_and_from_files(@TempDir Path dir) throws IOException {
    Path file = Files.writeString(dir.resolve("key"), "from-file\n");

    BellConfig config =
        load(
            "providers:\n  anthropic: {apiKey: '${env:MINE}'}\n  openai: {apiKey: '${file:"
                + file
                + "}'}\n",
            Map.of("MINE", "from-env"));

    assertThat(config.providers())
        .extracting(ProviderSettings::apiKey)
        .containsExactly(new Secret("from-env"), new Secret("from-file"));
  }

  @Test
  void a_file_that_cannot_be_read_says_why(@TempDir Path dir) throws IOException {
    Path notText = Files.write(dir.resolve("b.yaml"), new byte[] {'a', (byte) 0xff});
    Path absent = dir.resolve("absent");

    assertThatThrownBy(() -> new ConfigFile(notText, Map.of(), Map.of()).load())
        .hasMessage("The configuration file " + notText + " cannot be read: it is not UTF-8 text.");
    assertThatThrownBy(() -> load("data: {dir: '${file:" + absent + "}'}", Map.of()))
        .hasMessageContaining("the file " + absent + " cannot be read (it does not exist)");
    assertThat(FileProblem.words(new AccessDeniedException("/f"))).isEqualTo("permission denied");
  }

  @Test
  void a_link_to_nothing_is_not_passed_over(@TempDir Path dir) throws IOException {
    assertThat(ConfigFile.find(null, dir, Map.of(), Map.of()).file()).isNull();
    Path link = Files.createSymbolicLink(dir.resolve("bellfounder.yaml"), Path.of("of-yesterday"));

    assertThatThrownBy(() -> ConfigFile.find(null, dir, Map.of(), Map.of()).load())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(link + " is a link to of-yesterday, which does not exist");
  }

  @Test
  void a_reference_to_nothing_stops_the_start_and_names_both_ends() {
    assertThatThrownBy(() -> load("providers: {anthropic: {apiKey: '${env:NOT_THERE}'}}", Map.of()))
        .hasMessageContaining("`providers.anthropic.apiKey` refers to something missing")
        .hasMessageContaining("NOT_THERE");
  }

  @Test
  void a_variable_written_as_elsewhere_is_refused_with_the_way_to_write_it_here() {
    assertThatThrownBy(() -> load("providers:\n  anthropic:\n    apiKey: ${MY_KEY}\n", Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "bellfounder.yaml line 3: `providers.anthropic.apiKey` has `${MY_KEY}` in it, which stands for nothing here: write `${env:MY_KEY}`.");
    assertThatThrownBy(() -> load(null, Map.of("BELL_DATABASE_URL", "postgres://${DB_HOST}/bell")))
        .hasMessageContaining("BELL_DATABASE_URL: `database.url` has `${DB_HOST}` in it")
        .hasMessageContaining("`${env:DB_HOST}`");
    assertThat(load("database: {password: 'a${b c}$d{e}'}", Map.of()).database().password())
        .isEqualTo(new Secret("a${b c}$d{e}"));
  }

  @Test
  void the_effective_configuration_shows_sources_and_no_secret() {
    LoadedConfig loaded =
        ConfigLoader.load(
            "server: {port: 81}",
            "bellfounder.yaml",
            Map.of(
                "ANTHROPIC_API_KEY",
                "sk-ant-api03-canary-canary-canary",
                "BELL_SECURITY_MASTER_KEY",
                "canary".repeat(8)),
            Map.of());

    String shown = String.join("\n", loaded.lines());
    assertThat(shown)
        .containsPattern("server.port: +81 +# bellfounder.yaml line 1")
        .containsPattern("server.host: +127.0.0.1 +# default")
        .containsPattern("providers.anthropic.apiKey: +sk-ant-…\\*\\*\\* +# ANTHROPIC_API_KEY")
        .doesNotContain("canary");
    assertThat(loaded.toString()).doesNotContain("canary");
  }

  @Test
  void a_password_in_the_database_url_is_not_shown() {
    for (String url :
        List.of(
            "postgres://bell:canary@db/bell",
            "jdbc:postgresql://db/bell?user=bell&password=canary")) {
      LoadedConfig loaded =
          ConfigLoader.load(null, "bellfounder.yaml", Map.of("BELL_DATABASE_URL", url), Map.of());

      assertThat(String.join("\n", loaded.lines())).contains("db/bell").doesNotContain("canary");
    }
  }

  @Test
  void a_database_url_whose_password_is_not_encoded_is_refused_without_it() {
    for (String url : List.of("postgres://u:hun/ter2@h/db", "postgres://u:hun@ter2@h/db")) {
      assertThatThrownBy(() -> load(null, Map.of("BELL_DATABASE_URL", url)))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("BELL_DATABASE_URL: `database.url` ")
          .hasMessageContaining("percent-encoded")
          .hasMessageNotContaining("hun")
          .hasMessageNotContaining("ter2");
    }
  }

  @Test
  void a_password_is_hidden_up_to_the_last_at_sign() {
    assertThat(LoadedConfig.withoutPassword("postgres://u:hun/ter2@pw@h/db"))
        .isEqualTo("postgres://***@h/db");
  }

  @Test
  void the_reference_lists_every_key_with_its_default_and_range() throws IOException {
    String reference = Files.readString(Path.of("../docs/reference/configuration.md"));

    assertThat(ConfigKeys.ALL)
        .allSatisfy(key ->
            assertThat(reference)
                .contains(
                    "| `%s` | %s | %s | %s |"
                        .formatted(
                            key.path(),
                            key.fallback() == null || key.fallback().isEmpty()
                                ? ""
                                : "`" + key.fallback() + "`",
                            key.range(),
                            key.meaning())));
  }

  private static BellConfig load(@Nullable String yaml, Map<String, String> environment) {
    return ConfigLoader.load(yaml, "bellfounder.yaml", environment, Map.of()).config();
  }
}
