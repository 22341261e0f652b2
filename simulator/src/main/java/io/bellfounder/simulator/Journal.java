package io.bellfounder.simulator;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** What was received and billed, bounded: the oldest entries go first. For many threads. */
final class Journal {
  private static final int BILL_LINES_MAX = 200_000;

  private final int requestsMax;
  private final long bytesMax;
  private final Deque<Exchange> exchanges = new ArrayDeque<>();
  private final Deque<BillLine> bill = new ArrayDeque<>();
  private long bytes;
  private long dropped;

  Journal(int requestsMax, long bytesMax) {
    this.requestsMax = requestsMax;
    this.bytesMax = bytesMax;
  }

  synchronized void received(Exchange exchange) {
    exchanges.addLast(exchange);
    bytes += exchange.body().length;
    while (exchanges.size() > requestsMax || (bytes > bytesMax && exchanges.size() > 1)) {
      bytes -= exchanges.removeFirst().body().length;
      dropped++;
    }
  }

  synchronized void billed(BillLine line) {
    bill.addLast(line);
    if (bill.size() > BILL_LINES_MAX) {
      bill.removeFirst();
    }
  }

  synchronized List<Exchange> exchanges() {
    return new ArrayList<>(exchanges);
  }

  synchronized List<BillLine> bill() {
    return new ArrayList<>(bill);
  }

  synchronized long dropped() {
    return dropped;
  }

  synchronized void clear() {
    exchanges.clear();
    bill.clear();
    bytes = 0;
    dropped = 0;
  }
}
