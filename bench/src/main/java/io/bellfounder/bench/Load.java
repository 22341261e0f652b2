package io.bellfounder.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Sends one prepared request over and over on kept-alive connections, from one event loop. Closed:
 * each connection asks again as soon as it is answered. Open: requests are due at a fixed rate, and
 * latency counts from when a request was due, not from when a connection was free. Each run has new
 * connections.
 */
final class Load implements AutoCloseable {
  /** Until new connections are at work, those to the provider too: latency counts from then on. */
  private static final long LEAD_IN_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final long LATENCY_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);

  /**
   * What one run measured.
   *
   * @param perSecond answers with status 200 a second
   * @param errors other answers and broken connections
   */
  record Result(double perSecond, long errors, Histogram latencyNanos) {
    double millisAt(double percentile) {
      return latencyNanos.getValueAtPercentile(percentile) / 1e6;
    }
  }

  private final EventLoopGroup loops = EventLoops.single();
  private final ByteBuf request;
  private final int port;
  private final int connections;

  Load(int port, byte[] request, int connections) {
    this.port = port;
    this.request =
        Unpooled.unreleasableBuffer(Unpooled.directBuffer(request.length).writeBytes(request));
    this.connections = connections;
  }

  /** As much as goes with all connections busy. */
  Result closed(Duration duration) throws Exception {
    return run(duration, 0);
  }

  /** Requests due at a fixed rate; those of the first half second are sent and not counted. */
  Result open(Duration duration, double perSecond) throws Exception {
    return run(duration.plusNanos(LEAD_IN_NANOS), perSecond);
  }

  private Result run(Duration duration, double perSecond) throws Exception {
    Run run = new Run(duration, perSecond);
    List<Channel> channels = new ArrayList<>();
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loops)
            .channel(EventLoops.socket())
            .option(ChannelOption.TCP_NODELAY, true)
            .handler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel.pipeline().addLast(new Caller(run));
                  }
                });
    for (int i = 0; i < connections; i++) {
      channels.add(bootstrap.connect("127.0.0.1", port).sync().channel());
    }
    loops.next().submit(() -> run.start(channels)).get();
    try {
      return run.finished.get(duration.toSeconds() + 30, TimeUnit.SECONDS);
    } finally {
      for (Channel channel : channels) {
        channel.close().sync();
      }
    }
  }

  @Override
  public void close() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  /** One run; touched on the event loop only, but for {@link #finished}. */
  private final class Run {
    private final CompletableFuture<Result> finished = new CompletableFuture<>();
    private final Histogram latency = new Histogram(LATENCY_NANOS_MAX, 3);
    private final ArrayDeque<Caller> idle = new ArrayDeque<>();
    private final ArrayDeque<Long> due = new ArrayDeque<>();
    private final Duration duration;
    private final double perSecond;
    private long startedAt;
    private long countsFrom;
    private long endsAt;
    private long scheduled;
    private long answers;
    private long errors;
    private boolean over;

    Run(Duration duration, double perSecond) {
      this.duration = duration;
      this.perSecond = perSecond;
    }

    void start(List<Channel> channels) {
      startedAt = System.nanoTime();
      countsFrom = startedAt + (perSecond == 0 ? 0 : LEAD_IN_NANOS);
      endsAt = startedAt + duration.toNanos();
      for (Channel channel : channels) {
        Caller caller = channel.pipeline().get(Caller.class);
        if (perSecond == 0) {
          caller.send(startedAt);
        } else {
          idle.add(caller);
        }
      }
      loops.next().schedule(this::end, duration.toNanos(), TimeUnit.NANOSECONDS);
      if (perSecond > 0) {
        tick();
      }
    }

    private void tick() {
      if (over) {
        return;
      }
      long now = System.nanoTime();
      long expected = (long) ((now - startedAt) / 1e9 * perSecond);
      while (scheduled < expected) {
        long dueAt = startedAt + (long) (scheduled++ / perSecond * 1e9);
        Caller caller = idle.poll();
        if (caller == null) {
          due.add(dueAt);
        } else {
          caller.send(dueAt);
        }
      }
      loops.next().schedule(this::tick, 200, TimeUnit.MICROSECONDS);
    }

    void answered(Caller caller, int status, long intendedAt) {
      if (over) {
        return;
      }
      long now = System.nanoTime();
      if (status != 200) {
        errors++;
      } else if (intendedAt - countsFrom >= 0) {
        answers++;
        latency.recordValue(Math.min(now - intendedAt, LATENCY_NANOS_MAX));
      }
      if (perSecond == 0) {
        if (now < endsAt) {
          caller.send(now);
        }
        return;
      }
      Long next = due.poll();
      if (next == null) {
        idle.add(caller);
      } else {
        caller.send(next);
      }
    }

    void broke() {
      if (!over) {
        errors++;
      }
    }

    private void end() {
      over = true;
      double seconds = (System.nanoTime() - countsFrom) / 1e9;
      finished.complete(new Result(answers / seconds, errors, latency));
    }
  }

  private final class Caller extends ChannelInboundHandlerAdapter {
    private final Run run;
    private final MessageEnd response = new MessageEnd();
    private io.netty.channel.@org.jspecify.annotations.Nullable Channel channel;
    private long intendedAt;

    Caller(Run run) {
      this.run = run;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      channel = context.channel();
    }

    void send(long intended) {
      intendedAt = intended;
      if (channel != null) {
        channel.writeAndFlush(request.duplicate());
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ByteBuf in = (ByteBuf) message;
      try {
        if (response.consume(in)) {
          run.answered(this, response.status(), intendedAt);
        }
      } finally {
        ReferenceCountUtil.release(message);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      run.broke();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
