package io.bellfounder.server.audit;

import java.util.UUID;

/** Who makes a change. */
public sealed interface Actor {
  /** A person who is signed in, or signs in. */
  record Member(UUID id) implements Actor {}

  /** Somebody with access to the machine, at the command line. */
  record Operator() implements Actor {}

  /** The server by itself. */
  record Server() implements Actor {}

  /** Nobody known, such as at a failed sign-in. */
  record Stranger() implements Actor {}
}
