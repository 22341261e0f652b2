import { describe, expect, it } from "vitest";
import { SseParser } from "./sse";

const stream = ': hello\n\nid: 7\nevent: call.opened\ndata: {"a":1}\n\nid: 8\r\nevent: key.changed\r\ndata: one\r\ndata: two\r\n\r\ndata:bare\n\n';

describe("server-sent events", () => {
  it("reads events, ids and several lines of data, and leaves comments out", () => {
    expect(new SseParser().push(stream)).toEqual([
      { event: "call.opened", data: '{"a":1}' },
      { event: "key.changed", data: "one\ntwo" },
      { event: "message", data: "bare" },
    ]);
  });

  it("keeps the id of what came whole, also where no event came with it", () => {
    const parser = new SseParser();
    parser.push("id: 7\n\nid: 8\nevent: call.opened\ndata: {}\n");
    expect(parser.lastId).toBe("7");
    parser.push("\n");
    expect(parser.lastId).toBe("8");
  });

  it("reads the same wherever the stream is cut", () => {
    const whole = new SseParser().push(stream);
    for (let size = 1; size < stream.length; size++) {
      const parser = new SseParser();
      const events = [];
      for (let at = 0; at < stream.length; at += size) events.push(...parser.push(stream.slice(at, at + size)));
      expect(events, `pieces of ${size}`).toEqual(whole);
    }
  });
});
