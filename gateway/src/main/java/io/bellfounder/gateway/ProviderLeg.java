package io.bellfounder.gateway;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.RequestOptions;
import org.jspecify.annotations.Nullable;

/** The provider's side of one attempt: one request, one answer, at most one end. */
final class ProviderLeg {

  /** What an attempt hears. Nothing more after {@code ended}, {@code failed} or a cancel. */
  interface Listener {
    void answered(HttpClientResponse answer);

    void received(Buffer chunk);

    void ended();

    void failed(Failure failure);

    /** One of the above threw: a bug of ours, which must not leave a call hanging. */
    void stumbled(RuntimeException bug);
  }

  /**
   * @param beforeRequest true if the request cannot have reached the provider
   */
  record Failure(Attempt.Outcome outcome, String detail, boolean beforeRequest) {}

  private final Listener listener;
  private @Nullable HttpClientRequest request;
  private @Nullable HttpClientResponse answer;
  private boolean sent;
  private boolean over;
  private boolean paused;
  private long lastByteNanos = System.nanoTime();

  ProviderLeg(Listener listener) {
    this.listener = listener;
  }

  void send(HttpClient client, RequestOptions options, Buffer body) {
    client
        .request(options)
        .onComplete((opened, failure) -> {
          if (opened == null) {
            fail(connectFailure(failure));
            return;
          }
          // The same break also fails the answer, which is where it is handled.
          opened.exceptionHandler(broken -> {});
          if (over) {
            opened.reset();
          } else {
            request = opened;
            exchange(opened, body);
          }
        });
  }

  private void exchange(HttpClientRequest opened, Buffer body) {
    lastByteNanos = System.nanoTime();
    opened
        .response()
        .onComplete((answered, failure) -> {
          if (answered == null) {
            fail(brokenOff(failure, "before it answered"));
          } else if (!over) {
            follow(answered);
          }
        });
    opened.end(body).onSuccess(written -> sent = true);
  }

  private void follow(HttpClientResponse answered) {
    answer = answered;
    lastByteNanos = System.nanoTime();
    if (answered.statusCode() < 200) {
      // Vert.x knows 100 and 103 and takes any other for the answer; what follows would answer the
      // connection's next call.
      dropConnection();
    }
    answered.handler(chunk -> {
      if (!over) {
        lastByteNanos = System.nanoTime();
        try {
          listener.received(chunk);
        } catch (RuntimeException e) {
          stumbled(e);
        }
      }
    });
    answered.endHandler(end -> {
      if (!sent) {
        // The next request would wait behind the rest of this one, which nobody may be reading.
        dropConnection();
      }
      if (!over) {
        over = true;
        try {
          listener.ended();
        } catch (RuntimeException e) {
          stumbled(e);
        }
      }
    });
    answered.exceptionHandler(broken -> fail(brokenOff(broken, "in the middle of its answer")));
    try {
      listener.answered(answered);
    } catch (RuntimeException e) {
      stumbled(e);
    }
  }

  private void dropConnection() {
    if (request != null) {
      request.connection().close();
    }
  }

  private void stumbled(RuntimeException bug) {
    cancel();
    listener.stumbled(bug);
  }

  /** Ends the attempt from our side; the provider sees its connection closed. */
  void cancel() {
    over = true;
    if (request != null) {
      request.reset();
    }
  }

  void pause() {
    if (!paused && answer != null) {
      paused = true;
      answer.pause();
    }
  }

  void resume() {
    if (paused && answer != null) {
      paused = false;
      lastByteNanos = System.nanoTime();
      answer.resume();
    }
  }

  boolean paused() {
    return paused;
  }

  boolean connected() {
    return request != null;
  }

  /** The whole request is out, so that the provider may be working on it. */
  boolean sent() {
    return sent;
  }

  boolean over() {
    return over;
  }

  /** When the provider was last heard of, or the request sent. */
  long lastByteNanos() {
    return lastByteNanos;
  }

  private void fail(Failure failure) {
    if (!over) {
      over = true;
      try {
        listener.failed(failure);
      } catch (RuntimeException e) {
        stumbled(e);
      }
    }
  }

  private static Failure connectFailure(@Nullable Throwable failure) {
    return new Failure(Attempt.Outcome.CONNECT_FAILED, NetworkFailure.connecting(failure), true);
  }

  private static Failure brokenOff(@Nullable Throwable failure, String when) {
    return new Failure(
        Attempt.Outcome.CUT,
        "the connection broke " + when + ": " + NetworkFailure.broken(failure),
        false);
  }
}
