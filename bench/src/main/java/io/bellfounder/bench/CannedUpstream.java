package io.bellfounder.bench;

import io.netty.bootstrap.ServerBootstrap;
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
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/**
 * A provider that costs next to nothing: it answers each request with the same prepared bytes, a
 * JSON message or a stream of 100 events written one by one. On two cores a dear upstream would
 * flatter every ratio. Runs as a process of its own and prints its port.
 */
final class CannedUpstream {
  private static final int EVENTS = 100;

  private static final String USAGE =
      "{\"input_tokens\":250,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":%d}";

  private CannedUpstream() {}

  public static void main(String[] arguments) throws InterruptedException {
    EventLoopGroup loops = EventLoops.single();
    ByteBuf json = Unpooled.unreleasableBuffer(Unpooled.directBuffer().writeBytes(json()));
    ByteBuf[] events = new ByteBuf[EVENTS + 6];
    byte[][] written = stream();
    for (int i = 0; i < written.length; i++) {
      events[i] = Unpooled.unreleasableBuffer(Unpooled.directBuffer().writeBytes(written[i]));
    }
    Channel server =
        new ServerBootstrap()
            .group(loops)
            .channel(EventLoops.serverSocket())
            .option(ChannelOption.SO_BACKLOG, 1024)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel.pipeline().addLast(new Answer(json, events));
                  }
                })
            .bind(new InetSocketAddress("127.0.0.1", 0))
            .sync()
            .channel();
    System.out.println("upstream " + ((InetSocketAddress) server.localAddress()).getPort());
    server.closeFuture().sync();
  }

  private static byte[] json() {
    String text = "Bells are cast upside down. ".repeat(25);
    String body =
        """
        {"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-5-5",\
        "content":[{"type":"text","text":"%s"}],"stop_reason":"end_turn","stop_sequence":null,"usage":%s}\
        """
            .formatted(text, USAGE.formatted(175));
    return ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_01\r\ncontent-length: "
            + body.length()
            + "\r\n\r\n"
            + body)
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[][] stream() {
    byte[][] parts = new byte[EVENTS + 6][];
    int at = 0;
    parts[at++] =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_01\r\ntransfer-encoding: chunked\r\n\r\n"
            .getBytes(StandardCharsets.US_ASCII);
    parts[at++] =
        event(
            "message_start",
            "\"message\":{\"id\":\"msg_01\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-5-5\",\"content\":[],\"stop_reason\":null,\"usage\":"
                + USAGE.formatted(1)
                + "}");
    parts[at++] =
        event(
            "content_block_start",
            "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
    for (int i = 0; i < EVENTS; i++) {
      parts[at++] =
          event(
              "content_block_delta",
              "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" bell\"}");
    }
    parts[at++] = event("content_block_stop", "\"index\":0");
    parts[at++] =
        event(
            "message_delta",
            "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":" + USAGE.formatted(100));
    byte[] stop = event("message_stop", null);
    byte[] end = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    byte[] last = new byte[stop.length + end.length];
    System.arraycopy(stop, 0, last, 0, stop.length);
    System.arraycopy(end, 0, last, stop.length, end.length);
    parts[at] = last;
    return parts;
  }

  private static byte[] event(String type, @org.jspecify.annotations.Nullable String fields) {
    String data =
        "event: "
            + type
            + "\ndata: {\"type\":\""
            + type
            + "\""
            + (fields == null ? "" : "," + fields)
            + "}\n\n";
    return (Integer.toHexString(data.length()) + "\r\n" + data + "\r\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static final class Answer extends ChannelInboundHandlerAdapter {
    private final MessageEnd request = new MessageEnd();
    private final ByteBuf json;
    private final ByteBuf[] events;

    Answer(ByteBuf json, ByteBuf[] events) {
      this.json = json;
      this.events = events;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ByteBuf in = (ByteBuf) message;
      try {
        while (in.isReadable() && request.consume(in)) {
          if (request.marked()) {
            for (ByteBuf event : events) {
              context.writeAndFlush(event.duplicate());
            }
          } else {
            context.writeAndFlush(json.duplicate());
          }
        }
      } finally {
        ReferenceCountUtil.release(message);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
