package io.bellfounder.e2e;

/** A real client library under one contract. Used by one thread at a time. */
interface Sdk {

  /** The library and its version, for the name of a test. */
  String name();

  /** Whether it speaks Anthropic's dialect; else OpenAI's. */
  boolean anthropic();

  Seen ask(Ask ask);

  /** Ends what it runs in. (No AutoCloseable: JUnit closes such arguments after each test.) */
  default void end() {}
}
