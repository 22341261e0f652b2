package io.bellfounder.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.gateway.PriceBook.Price;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PriceFileTest {
  private static final Instant NOVEMBER = Instant.parse("2026-11-21T00:00:00Z");
  private static final Instant SEPTEMBER = Instant.parse("2026-09-21T00:00:00Z");

  @Test
  void a_dollar_a_million_tokens_is_a_million_pico_dollars_a_token() throws Exception {
    Price price = file("").price("anthropic", "claude-a-1", NOVEMBER);

    assertThat(price)
        .isEqualTo(
            new Price(
                "v1/claude-a*@2026-01-01",
                true,
                3_000_000,
                3_750_000,
                6_000_000,
                300_000,
                15_000_000));
  }

  @Test
  void a_later_price_does_not_touch_what_came_before_it() throws Exception {
    PriceFile file =
        file(
            """
            ,{"models": "claude-a*", "effectiveFrom": "2026-10-07", "input": "2", "output": "10", "source": "s"}\
            """);

    assertThat(file.price("anthropic", "claude-a-1", SEPTEMBER).inputPico()).isEqualTo(3_000_000);
    assertThat(
            file.price("anthropic", "claude-a-1", Instant.parse("2026-10-07T00:00:00Z"))
                .inputPico())
        .isEqualTo(2_000_000);
  }

  @Test
  void the_pattern_with_the_most_literal_characters_wins_and_an_exact_name_over_all()
      throws Exception {
    PriceFile file =
        file(
            """
            ,{"models": "claude-a-5*", "effectiveFrom": "2026-01-01", "input": "5", "output": "1", "source": "s"}
            ,{"models": "claude-a-5-5", "effectiveFrom": "2026-01-01", "input": "6", "output": "1", "source": "s"}
            ,{"provider": "corp", "models": "*", "effectiveFrom": "2026-01-01", "input": "7", "output": "1", "source": "s"}\
            """);

    assertThat(file.price("x", "claude-a-4", NOVEMBER).inputPico()).isEqualTo(3_000_000);
    assertThat(file.price("x", "claude-a-5-6", NOVEMBER).inputPico()).isEqualTo(5_000_000);
    assertThat(file.price("x", "claude-a-5-5", NOVEMBER).inputPico()).isEqualTo(6_000_000);
    assertThat(file.price("corp", "claude-a-5-5", NOVEMBER).inputPico()).isEqualTo(7_000_000);
  }

  @Test
  void an_unknown_model_gets_the_conservative_default_and_is_flagged() throws Exception {
    Price price = file("").price("x", "nobody-knows", NOVEMBER);

    assertThat(price.known()).isFalse();
    assertThat(price.outputPico()).isEqualTo(50_000_000);
  }

  @Test
  void a_long_prompt_is_priced_by_its_own_band() throws Exception {
    PriceFile file =
        file(
            """
            ,{"models": "h", "effectiveFrom": "2026-01-01", "input": "0.1", "output": "0.5", "source": "s",
              "longPrompt": {"aboveTokens": 100000, "input": "0.5", "output": "2.5"}}\
            """);

    assertThat(file.price("x", "h", NOVEMBER, 100_000).inputPico()).isEqualTo(100_000);
    assertThat(file.price("x", "h", NOVEMBER, 100_001).outputPico()).isEqualTo(2_500_000);
    assertThat(file.origin(file.price("x", "h", NOVEMBER, 100_001).version())).isPresent();
  }

  @Test
  void a_cache_class_without_a_price_costs_what_input_costs() throws Exception {
    PriceFile file =
        file(
            ",{\"models\": \"g\", \"effectiveFrom\": \"2026-01-01\", \"input\": \"2\", \"output\": \"1\", \"source\": \"s\"}");

    Price price = file.price("x", "g", NOVEMBER);
    assertThat(price.cacheReadPico()).isEqualTo(2_000_000);
    assertThat(price.cacheWrite1hPico()).isEqualTo(2_000_000);
  }

  @Test
  void a_wrong_entry_is_named() {
    String entry =
        ",{\"models\": \"bad\", \"effectiveFrom\": \"2026-01-01\", \"input\": \"%s\", \"output\": \"1\", \"source\": \"%s\"}";

    assertThatThrownBy(() -> file(entry.formatted("cheap", "s")))
        .hasMessage(
            "Price 2 (`bad`): `input` is not a decimal number in quotes, such as \"3.75\".");
    assertThatThrownBy(() -> file(entry.formatted("0.0000001", "s")))
        .hasMessageContaining("more than six decimals");
    assertThatThrownBy(() -> file(entry.formatted("-1", "s")))
        .hasMessageContaining("between 0 and");
    assertThatThrownBy(() -> file(entry.formatted("1", "t"))).hasMessageContaining("no source `t`");
    assertThatThrownBy(() -> file(entry.formatted("1", "s").replace("bad", "a*b*")))
        .hasMessageContaining("one `*`");
    assertThatThrownBy(() -> file(entry.formatted("1", "s").replace("models", "model")))
        .hasMessageContaining("needs `models`");
    assertThatThrownBy(() -> file(entry.formatted("1", "s") + entry.formatted("2", "s")))
        .hasMessageContaining("two prices from 2026-01-01");
    assertThatThrownBy(() -> PriceFile.parse("{")).hasMessageContaining("not valid JSON");
    assertThatThrownBy(() -> PriceFile.parse("[]")).hasMessageContaining("must be an object");
  }

  @Test
  void the_packaged_price_list_is_usable_and_no_known_model_is_free() throws Exception {
    PriceFile file = packaged();

    for (String model :
        new String[] {
          "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "gpt-5.5", "gpt-4o"
        }) {
      Price price = file.price("any", model, NOVEMBER);
      assertThat(price.known()).as(model).isTrue();
      assertThat(price.inputPico()).as(model).isPositive();
      assertThat(price.outputPico()).as(model).isPositive();
      assertThat(file.origin(price.version())).as(model).isPresent();
    }
    assertThat(file.price("anthropic", "claude-opus-5-5", NOVEMBER).cacheReadPico())
        .isEqualTo(200_000);
    assertThat(file.price("ollama", "llama4", NOVEMBER))
        .matches(Price::known)
        .matches(price -> price.inputPico() == 0);
  }

  private static PriceFile packaged() throws IOException, PriceFile.Refused {
    return PriceFile.parse(
        Files.readString(Path.of("../server/src/main/resources/prices/prices.json")));
  }

  private static PriceFile file(String more) throws PriceFile.Refused {
    return PriceFile.parse(
        """
        {"version": "v1", "currency": "USD", "unit": "USD per million tokens",
         "sources": [{"id": "s", "page": "a page", "readOn": "2026-11-21"}],
         "default": {"input": "10", "output": "50", "source": "s"},
         "prices": [
           {"models": "claude-a*", "effectiveFrom": "2026-01-01", "input": "3", "cacheWrite5m": "3.75",
            "cacheWrite1h": "6", "cacheRead": "0.3", "output": "15", "source": "s"}
           %s]}\
        """
            .formatted(more));
  }
}
