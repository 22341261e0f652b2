package io.bellfounder.graph;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;

/**
 * A read-only view of the channels as they were when the step began.
 *
 * @param data all channels as JSON trees
 */
public record StateView(Map<String, Object> data) {
  public StateView {
    data = Collections.unmodifiableMap(data);
  }

  /**
   * The channel's value.
   *
   * @throws IllegalStateException if nothing was written and the channel has no initial value
   */
  public <T> T get(Channel<T> channel) {
    return find(channel)
        .orElseThrow(() ->
            new IllegalStateException(
                "channel " + channel.name() + " has no value yet: give it one, or use find"));
  }

  /** The channel's value; empty if there is none yet. */
  public <T> Optional<T> find(Channel<T> channel) {
    Object json = data.getOrDefault(channel.name(), channel.initial());
    return json == JsonNull.NULL ? Optional.empty() : Optional.of(channel.codec().decode(json));
  }
}
