package io.bellfounder.simulator;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Whose wire format an exchange speaks. */
public enum Dialect {
  @JsonProperty("anthropic")
  ANTHROPIC,
  @JsonProperty("openai")
  OPENAI
}
