package io.bellfounder.bench;

import java.io.IOException;

/** Something that makes durable steps as fast as it can when it is its turn. */
interface Contender extends AutoCloseable {
  String name();

  /** Ten-step runs, so many at a time, for about so long. */
  Turn turn(int concurrency, double seconds) throws IOException, InterruptedException;

  @Override
  void close();

  /**
   * What a turn gave.
   *
   * @param steps durable steps, each with 1 KB of output
   */
  record Turn(double steps, double seconds) {
    double perSecond() {
      return steps / seconds;
    }
  }
}
