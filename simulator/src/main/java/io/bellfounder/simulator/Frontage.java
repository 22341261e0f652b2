package io.bellfounder.simulator;

import java.io.EOFException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Promise;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What stands at the simulator's port: the providers' endpoints, and its own under {@code /_sim}.
 */
final class Frontage extends Handler.Abstract.NonBlocking {
  private static final int BODY_BYTES_MAX = 64 << 20;
  private static final int ANTHROPIC_BODY_BYTES_MAX = 32 << 20;

  private final Journal journal;
  private final InstantSource clock;
  private final Executor players;
  private final AtomicLong numbers = new AtomicLong();
  private volatile Planner planner = new Planner(Script.EMPTY);

  Frontage(Journal journal, InstantSource clock, Executor players) {
    this.journal = journal;
    this.clock = clock;
    this.players = players;
  }

  void script(Script script) {
    planner = new Planner(script);
  }

  void reset() {
    planner = new Planner(Script.EMPTY);
    journal.clear();
    numbers.set(0);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    Instant at = clock.instant();
    Content.Source.asByteArrayAsync(
        request,
        BODY_BYTES_MAX,
        new Promise.Invocable.NonBlocking<byte[]>() {
          @Override
          public void succeeded(byte[] body) {
            try {
              serve(at, request, body, response, callback);
            } catch (RuntimeException bug) {
              Response.writeError(request, response, callback, bug);
            }
          }

          @Override
          public void failed(Throwable cut) {
            Response.writeError(request, response, callback, 413, "too large, or cut");
          }
        });
    return true;
  }

  private void serve(
      Instant at, Request request, byte[] body, Response response, Callback callback) {
    String path = request.getHttpURI().getPath();
    if (path.equals("/_sim") || path.startsWith("/_sim/")) {
      control(request, body, response, callback);
    } else {
      provide(at, request, body, response, callback);
    }
  }

  private void provide(
      Instant at, Request request, byte[] body, Response response, Callback callback) {
    Exchange exchange = exchange(at, request, body);
    journal.received(exchange);
    Plan plan = body.length > ANTHROPIC_BODY_BYTES_MAX ? tooLarge() : planner.plan(exchange);
    if (plan.isOneWrite()) {
      answerAtOnce(plan, exchange, response, callback);
    } else {
      players.execute(() -> play(plan, exchange, request, response, callback));
    }
  }

  private Exchange exchange(Instant at, Request request, byte[] body) {
    List<Header> headers = new ArrayList<>();
    for (HttpField field : request.getHeaders()) {
      headers.add(new Header(field.getName(), field.getValue() == null ? "" : field.getValue()));
    }
    String query = request.getHttpURI().getQuery();
    return new Exchange(
        numbers.incrementAndGet(),
        at,
        request.getMethod(),
        request.getHttpURI().getPath(),
        query == null ? "" : query,
        List.copyOf(headers),
        body);
  }

  private static Plan tooLarge() {
    byte[] body = ProviderError.of(Dialect.ANTHROPIC, 413).body(Dialect.ANTHROPIC, "req_too_large");
    return new Plan(
        413,
        List.of(new Header("content-type", "application/json")),
        body.length,
        List.of(),
        List.of(new Plan.Step.Send(body, 0, null, false)),
        0,
        null);
  }

  private void answerAtOnce(Plan plan, Exchange exchange, Response response, Callback callback) {
    Plan.Step.Send send = (Plan.Step.Send) plan.steps().getFirst();
    JettyOutlet.setHead(plan, response);
    exchange.head(plan.status());
    response.write(
        true,
        ByteBuffer.wrap(send.bytes()),
        Callback.from(
            () -> {
              exchange.sent(send.bytes().length);
              settle(
                  plan,
                  exchange,
                  ReceivedRequest.End.COMPLETE,
                  send.produced(),
                  send.reported(),
                  false);
              callback.succeeded();
            },
            failure -> {
              settle(plan, exchange, ReceivedRequest.End.CLIENT_LEFT, send.produced(), null, false);
              callback.failed(failure);
            }));
  }

  private void play(
      Plan plan, Exchange exchange, Request request, Response response, Callback callback) {
    JettyOutlet outlet = new JettyOutlet(request, response);
    Player player = new Player(plan, exchange, outlet);
    ReceivedRequest.End end = player.play();
    if (player.begun()) {
      settle(plan, exchange, end, player.produced(), player.reported(), player.failed());
    } else {
      exchange.ended(end);
    }
    boolean whole = end == ReceivedRequest.End.COMPLETE && plan.slowHeaderMillis() == 0;
    if (whole
        || (end == ReceivedRequest.End.CUT && response.isCommitted() && response.hasLastWrite())) {
      callback.succeeded();
    } else {
      outlet.drop();
      callback.failed(new EOFException("the exchange ended before its time"));
    }
  }

  private void settle(
      Plan plan,
      Exchange exchange,
      ReceivedRequest.End end,
      long produced,
      @Nullable Tokens reported,
      boolean failed) {
    Plan.Charge charge = plan.charge();
    if (charge != null) {
      Turn turn = charge.turn();
      journal.billed(
          new BillLine(
              exchange.number(),
              exchange.receivedAt(),
              exchange.requestId(),
              turn.id(),
              turn.prompt().dialect(),
              charge.operation(),
              turn.model(),
              turn.prompt().stream(),
              outcome(end, failed),
              turn.tokens().withOutput(produced),
              reported));
    }
    exchange.ended(end);
  }

  private static BillLine.Outcome outcome(ReceivedRequest.End end, boolean failed) {
    if (failed) {
      return BillLine.Outcome.FAILED;
    }
    return switch (end) {
      case COMPLETE, OPEN -> BillLine.Outcome.COMPLETE;
      case CLIENT_LEFT -> BillLine.Outcome.ABORTED;
      case CUT -> BillLine.Outcome.CUT;
    };
  }

  private void control(Request request, byte[] body, Response response, Callback callback) {
    String target = request.getMethod() + " " + request.getHttpURI().getPath();
    Map<String, String> query =
        Query.parse(request.getHttpURI().getQuery() == null ? "" : request.getHttpURI().getQuery());
    switch (target) {
      case "POST /_sim/script" -> {
        try {
          script(Script.parse(new String(body, StandardCharsets.UTF_8)));
          send(200, Json.object().put("rules", "in force"), response, callback);
        } catch (IllegalArgumentException refused) {
          send(400, Json.object().put("error", refused.getMessage()), response, callback);
        }
      }
      case "GET /_sim/requests" -> send(200, requests(query), response, callback);
      case "GET /_sim/bill" -> send(200, bill(journal.bill()), response, callback);
      case "DELETE /_sim" -> {
        reset();
        send(200, Json.object().put("reset", true), response, callback);
      }
      default ->
          send(
              404,
              Json.object()
                  .put(
                      "error",
                      "there are POST /_sim/script, GET /_sim/requests, GET /_sim/bill and DELETE"
                          + " /_sim"),
              response,
              callback);
    }
  }

  private ObjectNode requests(Map<String, String> query) {
    long after = Long.parseLong("0" + query.getOrDefault("after", "").replaceAll("\\D", ""));
    ObjectNode list = Json.object();
    ArrayNode entries = list.putArray("requests");
    for (Exchange exchange : journal.exchanges()) {
      if (exchange.number() > after) {
        entries.add(json(exchange.snapshot(), "true".equals(query.get("body"))));
      }
    }
    return list.put("dropped", journal.dropped());
  }

  private static ObjectNode json(ReceivedRequest request, boolean withBody) {
    ObjectNode entry = Json.object();
    entry.put("number", request.number()).put("receivedAt", request.receivedAt().toString());
    entry.put("method", request.method()).put("path", request.path()).put("query", request.query());
    ArrayNode headers = entry.putArray("headers");
    for (Header header : request.headers()) {
      headers.addArray().add(header.name()).add(header.value());
    }
    entry.put("bodyBytes", request.body().length).put("bodySha256", request.sha256());
    if (withBody) {
      entry.put("bodyBase64", Base64.getEncoder().encodeToString(request.body()));
    }
    entry.put("requestId", request.requestId()).put("rule", request.rule());
    entry.put("status", request.status()).put("sentBytes", request.sentBytes());
    entry.put("end", request.end().name());
    entry.put(
        "endedAfterMillis", request.endedAfter() == null ? null : request.endedAfter().toMillis());
    return entry;
  }

  private static ObjectNode bill(List<BillLine> lines) {
    ObjectNode bill = Json.object();
    ArrayNode entries = bill.putArray("lines");
    Tokens sum = Tokens.NONE;
    for (BillLine line : lines) {
      sum = sum.plus(line.billed());
      ObjectNode entry = entries.addObject();
      entry.put("number", line.number()).put("at", line.at().toString());
      entry.put("requestId", line.requestId()).put("id", line.id());
      entry.put("dialect", line.dialect().name().toLowerCase(Locale.ROOT));
      entry.put("operation", line.operation()).put("model", line.model());
      entry.put("stream", line.stream()).put("outcome", line.outcome().name());
      entry.set("billed", Json.MAPPER.valueToTree(line.billed()));
      entry.set("reported", Json.MAPPER.valueToTree(line.reported()));
    }
    bill.set("total", Json.MAPPER.valueToTree(sum));
    return bill;
  }

  private static void send(int status, ObjectNode body, Response response, Callback callback) {
    response.setStatus(status);
    response.getHeaders().put("content-type", "application/json");
    response.write(true, ByteBuffer.wrap(Json.bytes(body)), callback);
  }
}
