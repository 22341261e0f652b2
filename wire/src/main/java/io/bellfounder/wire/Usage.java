package io.bellfounder.wire;

import org.jspecify.annotations.Nullable;

/**
 * Tokens of one call in disjoint raw classes, as the provider counted them. A class that the
 * provider did not report is {@code null}: missing is not zero.
 *
 * @param input tokens read without any cache, so Anthropic's {@code input_tokens}, and OpenAI's
 *     {@code prompt_tokens} less its {@code cached_tokens}
 * @param cacheWrite5m tokens written to a cache that lives five minutes
 * @param cacheWrite1h tokens written to a cache that lives one hour
 * @param cacheRead tokens read from a cache
 * @param output tokens generated, reasoning included
 */
public record Usage(
    @Nullable Long input,
    @Nullable Long cacheWrite5m,
    @Nullable Long cacheWrite1h,
    @Nullable Long cacheRead,
    @Nullable Long output) {

  /** Nothing reported yet. */
  public static final Usage NONE = new Usage(null, null, null, null, null);
}
