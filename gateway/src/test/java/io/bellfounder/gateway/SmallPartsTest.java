package io.bellfounder.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.testing.Seeds;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules that the path is made of, one by one. */
class SmallPartsTest {

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "/v1/messages, -, /messages, true",
        "/v1/v1/messages, -, /messages, true",
        "//v1/messages, -, /messages, true",
        "/v1//v1/messages, -, /messages, true",
        "/ak/secret//v1/messages, secret, /messages, true",
        "/ak/s%2B+x/v1/models, s++x, /models, true",
        "/ak/secret, secret, '', false",
        "/ak/secret/other, secret, /other, false"
      })
  void a_path_of_a_model_endpoint_is_read(
      String path, String key, String below, boolean versioned) {
    assertThat(ModelPath.parse(path)).isEqualTo(new ModelPath(key, below, versioned));
  }

  @Test
  void other_paths_belong_to_the_control_plane() {
    assertThat(ModelPath.parse("/")).isNull();
    assertThat(ModelPath.parse("/api/v1/keys")).isNull();
    assertThat(ModelPath.parse("/v1")).isNull();
  }

  @Test
  void a_key_in_a_path_is_never_shown() {
    assertThat(String.valueOf(ModelPath.parse("/ak/secret/v1/messages"))).doesNotContain("secret");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gzip, deflate, br, zstd|gzip",
        "br|identity",
        "GZIP;q=0.5, identity;q=0.1, *|GZIP;q=0.5, identity;q=0.1"
      })
  void accepted_encodings_are_narrowed_to_what_the_meter_reads(String offered, String kept) {
    assertThat(Headers.narrowed(offered, false)).isEqualTo(kept);
    assertThat(Headers.narrowed(offered, true)).isEqualTo("identity");
  }

  @Test
  void retry_after_is_read_in_all_its_forms() {
    var now = Instant.parse("2026-11-21T06:00:00Z");
    assertThat(retryAfter("retry-after", "7", now)).isEqualTo(Duration.ofSeconds(7));
    assertThat(retryAfter("retry-after", "0.5", now)).isEqualTo(Duration.ofMillis(500));
    assertThat(retryAfter("retry-after-ms", "1500", now)).isEqualTo(Duration.ofMillis(1500));
    assertThat(retryAfter("retry-after", "Sat, 21 Nov 2026 06:01:00 GMT", now))
        .isEqualTo(Duration.ofMinutes(1));
    assertThat(retryAfter("retry-after", "Sat, 21 Nov 2026 05:00:00 GMT", now))
        .isEqualTo(Duration.ZERO);
    assertThat(RetryAfter.of(MultiMap.caseInsensitiveMultiMap().add("retry-after", "soon"), now))
        .isNull();
    assertThat(RetryAfter.of(MultiMap.caseInsensitiveMultiMap().add("retry-after", "-1"), now))
        .isNull();
  }

  private static Duration retryAfter(String name, String value, Instant now) {
    return java.util.Objects.requireNonNull(
        RetryAfter.of(MultiMap.caseInsensitiveMultiMap().add(name, value), now));
  }

  @Test
  void a_proxy_is_trusted_by_address_or_block() {
    var proxies =
        new TrustedProxies(List.of("10.1.0.0/16", "192.168.7.9", "fd00::/8", "10.9.9.8/30"));

    assertThat(proxies.trusts("10.1.255.1")).isTrue();
    assertThat(proxies.trusts("10.2.0.1")).isFalse();
    assertThat(proxies.trusts("192.168.7.9")).isTrue();
    assertThat(proxies.trusts("192.168.7.8")).isFalse();
    assertThat(proxies.trusts("fd12::1")).isTrue();
    assertThat(proxies.trusts("fe80::1")).isFalse();
    assertThat(proxies.trusts("10.9.9.11")).isTrue();
    assertThat(proxies.trusts("10.9.9.12")).isFalse();
    assertThat(proxies.trusts(null)).isFalse();
  }

  @Test
  void a_client_is_who_the_trusted_proxies_saw_and_not_who_it_says() {
    var proxies = new TrustedProxies(List.of("10.0.0.0/8"));

    assertThat(proxies.client("9.9.9.9", List.of("6.6.6.6"))).isEqualTo("9.9.9.9");
    assertThat(proxies.client("10.0.0.1", List.of("6.6.6.6, 9.9.9.9"))).isEqualTo("9.9.9.9");
    assertThat(proxies.client("10.0.0.1", List.of("6.6.6.6", "9.9.9.9,10.0.0.2")))
        .isEqualTo("9.9.9.9");
    assertThat(proxies.client("10.0.0.1", List.of("10.0.0.3"))).isEqualTo("10.0.0.3");
    assertThat(proxies.client("10.0.0.1", List.of("9.9.9.9:4711"))).isEqualTo("9.9.9.9");
    assertThat(proxies.client("10.0.0.1", List.of("[fe80::1]:4711"))).isEqualTo("fe80::1");
    assertThat(proxies.client("10.0.0.1", List.of("6.6.6.6, unknown"))).isEqualTo("10.0.0.1");
    assertThat(proxies.client("10.0.0.1", List.of())).isEqualTo("10.0.0.1");
    assertThat(proxies.client(null, List.of("6.6.6.6"))).isEmpty();
  }

  @Test
  void a_wrong_proxy_address_stops_the_start() {
    assertThatThrownBy(() -> new TrustedProxies(List.of("nowhere")))
        .hasMessageContaining("nowhere");
    assertThatThrownBy(() -> new TrustedProxies(List.of("10.0.0.0/33")))
        .hasMessageContaining("/33");
  }

  @Test
  void second_tries_are_a_fifth_of_the_traffic_and_a_reserve_of_ten() {
    var budget = new RetryBudget();
    int taken = 0;
    for (int call = 0; call < 1_000; call++) {
      budget.callArrived();
      taken += budget.takeRetry() ? 1 : 0;
    }

    assertThat(taken).isBetween(200, 210);
  }

  @Test
  void bodies_together_hold_no_more_than_they_may() {
    var budget = new Plane.BodyBudget(100);

    assertThat(budget.take(60)).isTrue();
    assertThat(budget.take(60)).isFalse();
    budget.giveBack(60);
    assertThat(budget.take(100)).isTrue();
  }

  @Test
  void whole_events_go_on_and_the_beginning_of_the_next_is_kept() {
    var tail = new EventTail();

    assertThat(tail.pass(Buffer.buffer("data: a\n\ndata: b"), false).toString())
        .isEqualTo("data: a\n\n");
    assertThat(tail.atBoundary()).isTrue();
    assertThat(tail.pass(Buffer.buffer("\n"), false).toString()).isEmpty();
    assertThat(tail.pass(Buffer.buffer("\ndata"), false).toString()).isEqualTo("data: b\n\n");
    assertThat(tail.pass(Buffer.buffer(": c\r\n\r\nda"), false).toString())
        .isEqualTo("data: c\r\n\r\n");
    assertThat(tail.rest().toString()).isEqualTo("da");
  }

  @Test
  void an_event_beyond_all_bounds_goes_on_in_parts() {
    var tail = new EventTail();
    var part = Buffer.buffer("x".repeat(300 << 10));
    long passed = 0;
    for (int i = 0; i < 10; i++) {
      passed += tail.pass(part, false).length();
    }

    assertThat(passed).isGreaterThan(2L << 20);
    assertThat(tail.atBoundary()).isFalse();
    assertThat(passed + tail.rest().length()).isEqualTo(10L * part.length());
  }

  @Test
  void gzip_is_read_however_it_is_split() throws IOException {
    var random = Seeds.random("gzip_is_read_however_it_is_split");
    var text = "{\"usage\":1}".repeat(3_000);
    var bytes = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(bytes)) {
      out.write(HttpBytes.bytes(text));
    }
    var compressed = Buffer.buffer(bytes.toByteArray());
    for (int round = 0; round < 20; round++) {
      var inflated = java.util.Objects.requireNonNull(Inflated.of("gzip"));
      var read = Buffer.buffer();
      for (int at = 0; at < compressed.length(); ) {
        int to = Math.min(compressed.length(), at + 1 + random.nextInt(40));
        read.appendBuffer(inflated.add(compressed.getBuffer(at, to)));
        at = to;
      }
      assertThat(read.toString()).isEqualTo(text);
    }
  }

  @Test
  void what_is_no_gzip_is_not_read_and_does_no_harm() {
    var garbage = java.util.Objects.requireNonNull(Inflated.of("gzip"));
    assertThat(garbage.add(Buffer.buffer("this is no gzip at all, is it?")).length()).isZero();
    assertThat(garbage.add(Buffer.buffer("more")).length()).isZero();
    assertThat(java.util.Objects.requireNonNull(Inflated.of("br")).add(Buffer.buffer("x")).length())
        .isZero();
    assertThat(Inflated.of("identity")).isNull();
  }

  @Test
  void a_configuration_out_of_range_names_what_is_wrong() {
    assertThatThrownBy(() -> new GatewayConfig.Limits(1, 1, 1, 1, 1, Duration.ZERO))
        .hasMessageContaining("maxBodyBytes");
    assertThatThrownBy(
            () -> new GatewayConfig.Breaker(0, Duration.ofSeconds(1), Duration.ofSeconds(1)))
        .hasMessageContaining("failures");
    assertThatThrownBy(
            () -> new GatewayConfig.Breaker(1, Duration.ofSeconds(9), Duration.ofSeconds(1)))
        .hasMessageContaining("openForAtMost");
    assertThat(GatewayConfig.defaults("n").limits().maxBodyBytes()).isEqualTo(32 << 20);
  }
}
