package io.bellfounder.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class CrowdTest {
  private static final String HEADERS = "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n";

  /** What one client saw. */
  private record Seen(int call, boolean left, RawCall whole) {}

  @Test
  void everyCallOfACrowdIsOnTheBillOnceWithWhatItsClientSaw() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("seed " + seed);
    try (Simulator simulator = Simulator.start();
        ExecutorService clients = Executors.newFixedThreadPool(16)) {
      simulator.script(
          """
          {"seed":%d,
           "chaos":{"faults":{"429":0.05,"529":0.05,"cut_reset":0.1,"cut_close":0.1,"error_event":0.1}},
           "rules":[{"answer":{"tokens":60},"pace":{"betweenEventsMillis":1},"split":{"by":"random","bytes":200}}]}\
          """
              .formatted(seed & 0xFFFFFF));
      SplittableRandom random = new SplittableRandom(seed);
      List<Future<Seen>> calls = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        int call = i;
        boolean leaves = random.nextInt(4) == 0;
        boolean stream = random.nextInt(4) > 0;
        calls.add(clients.submit(() -> one(simulator, call, stream, leaves)));
      }
      List<Seen> seen = new ArrayList<>();
      for (Future<Seen> call : calls) {
        seen.add(call.get());
      }
      simulator.awaitIdle(Duration.ofSeconds(20));

      agree(simulator, seen);
    }
  }

  private static void agree(Simulator simulator, List<Seen> seen) {
    Map<Integer, ReceivedRequest> requests = new HashMap<>();
    simulator.requests().forEach(r -> requests.put(callOf(r), r));
    Map<Long, BillLine> bill = new HashMap<>();
    simulator.bill().forEach(line -> assertThat(bill.put(line.number(), line)).isNull());
    assertThat(requests).hasSize(seen.size());
    for (Seen one : seen) {
      ReceivedRequest request = requests.get(one.call());
      BillLine line = bill.get(request == null ? -1 : request.number());
      if (one.left()) {
        assertThat(request).isNotNull();
      } else if (one.whole().ending() != RawCall.Ending.WHOLE) {
        // a reset may overtake what was sent before it, even the head
        assertThat(line == null || line.outcome() == BillLine.Outcome.CUT).isTrue();
      } else if (one.whole().status() != 200) {
        assertThat(line).as("call %d was refused", one.call()).isNull();
      } else {
        if (line == null) {
          throw new AssertionError("call " + one.call() + " is not on the bill");
        }
        assertThat(line.outcome()).isIn(BillLine.Outcome.COMPLETE, BillLine.Outcome.FAILED);
        if (line.outcome() == BillLine.Outcome.COMPLETE) {
          assertThat(outputTokens(one.whole())).isEqualTo(line.billed().output());
        }
      }
    }
  }

  private static Seen one(Simulator simulator, int call, boolean stream, boolean leaves)
      throws IOException {
    String body =
        "{\"model\":\"claude-opus-5-5\",\"max_tokens\":500,\"stream\":"
            + stream
            + ",\"messages\":[{\"role\":\"user\",\"content\":\"call "
            + call
            + "\"}]}";
    if (!leaves) {
      return new Seen(call, false, RawCall.call(simulator, "/v1/messages", HEADERS, body));
    }
    try (Socket socket = RawCall.open(simulator, "/v1/messages", HEADERS, body)) {
      InputStream in = socket.getInputStream();
      try {
        in.readNBytes(900 + call);
      } catch (IOException _) { // the script was quicker with its cut
        return new Seen(call, true, RawCall.NOTHING);
      }
    }
    return new Seen(call, true, RawCall.NOTHING);
  }

  private static int callOf(ReceivedRequest request) {
    JsonNode body = Json.read(request.body()).orElseThrow();
    return Integer.parseInt(body.at("/messages/0/content").stringValue().substring(5));
  }

  private static long outputTokens(RawCall call) {
    String text = new String(call.body(), StandardCharsets.UTF_8);
    int at = text.lastIndexOf("\"output_tokens\":") + 16;
    int end = at;
    while (Character.isDigit(text.charAt(end))) {
      end++;
    }
    return Long.parseLong(text.substring(at, end));
  }
}
