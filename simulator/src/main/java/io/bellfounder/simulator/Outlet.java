package io.bellfounder.simulator;

import java.io.IOException;

/**
 * The way back to a client. Each write returns when the bytes are in the operating system's hands.
 */
interface Outlet {
  /** Says what the head shall be; it goes out with the first piece, end or flush. */
  void head(Plan plan) throws IOException;

  /** Sends what has been said so far. */
  void flush() throws IOException;

  void piece(byte[] bytes) throws IOException;

  /** Ends the HTTP message as its framing promised. */
  void end() throws IOException;

  /**
   * Ends it before its time.
   *
   * @param half bytes of which a chunk announces all and brings half; empty for none
   */
  void breakOff(Script.How how, byte[] half) throws IOException;

  /** Whether the client has closed or reset its connection; a look, not a wait. */
  boolean clientLeft();
}
