package io.bellfounder.server.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.bellfounder.gateway.Target;
import io.bellfounder.server.config.ConfigLoader;
import io.bellfounder.wire.Dialect;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ConfiguredRoutesTest {
  private final ConfiguredRoutes routes =
      ConfiguredRoutes.of(
          ConfigLoader.load(
                  """
                  providers:
                    first: { dialect: anthropic, baseUrl: 'http://127.0.0.1:1', auth: none, models: ['claude*'] }
                    second: { dialect: anthropic, baseUrl: 'http://127.0.0.1:2', auth: none, models: ['claude-opus*'] }
                    open: { dialect: openai, baseUrl: 'http://127.0.0.1:3/v1', auth: none, models: ['gpt*'] }
                  routes:
                    best: { targets: [ { provider: second, model: claude-opus-5-5 }, { provider: first } ] }
                  """,
                  "bellfounder.yaml",
                  Map.of(),
                  Map.of())
              .config());

  @Test
  void a_route_of_that_name_comes_first_with_its_targets_in_order() {
    assertThat(routes.route(Dialect.ANTHROPIC, "best").orElseThrow().targets())
        .extracting(target -> target.provider().name())
        .containsExactly("second", "first");
  }

  @Test
  void a_route_of_the_other_dialect_does_not_count() {
    assertThat(only("best", Dialect.OPENAI).provider().name()).isEqualTo("open");
  }

  @Test
  void the_longest_pattern_wins() {
    assertThat(only("claude-opus-5-5", Dialect.ANTHROPIC).provider().name()).isEqualTo("second");
    assertThat(only("claude-haiku-5-5", Dialect.ANTHROPIC).provider().name()).isEqualTo("first");
  }

  @Test
  void a_provider_may_be_named_before_the_model() {
    Target target = only("first/some-model", Dialect.ANTHROPIC);

    assertThat(target.provider().name()).isEqualTo("first");
    assertThat(target.model()).isEqualTo("some-model");
  }

  @Test
  void what_nothing_fits_goes_to_the_first_provider_of_the_dialect() {
    assertThat(only("llama", Dialect.OPENAI).provider().name()).isEqualTo("open");
    assertThat(only("llama", Dialect.ANTHROPIC).provider().name()).isEqualTo("first");
  }

  private Target only(String model, Dialect dialect) {
    return routes.route(dialect, model).orElseThrow().targets().getFirst();
  }
}
