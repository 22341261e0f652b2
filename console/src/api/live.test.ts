import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveConnection } from "./live";

const page = Object.assign(new EventTarget(), { hidden: false });
const browser = new EventTarget();

/** A stream the page asked for: what it was asked with, whether it is held, and what it is told. */
interface Stream {
  lastId: string | null;
  held: boolean;
  tell: (text: string) => void;
  breakOff: () => void;
}

const streams: Stream[] = [];
const heard: string[] = [];
const connection = new LiveConnection((event) => heard.push(event.data), () => undefined, () => undefined);

const turn = (hidden: boolean) => {
  page.hidden = hidden;
  page.dispatchEvent(new Event("visibilitychange"));
};

/** Lets everything that is due happen. */
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", browser);
  vi.stubGlobal("fetch", (_: string, { headers, signal }: { headers: Record<string, string>; signal: AbortSignal }) => {
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const writer = body.writable.getWriter();
    const stream: Stream = {
      lastId: headers["last-event-id"] ?? null,
      held: true,
      tell: (text) => void writer.write(new TextEncoder().encode(text)),
      breakOff: () => ((stream.held = false), void writer.abort(new Error("the connection broke")).catch(() => undefined)),
    };
    signal.addEventListener("abort", stream.breakOff);
    streams.push(stream);
    return Promise.resolve(new Response(body.readable));
  });
});

afterEach(() => {
  connection.stop();
  turn(false);
  streams.length = heard.length = 0;
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the stream of what happens", () => {
  it("makes a page wait a second for it where a proxy holds it back, and only once", async () => {
    vi.stubGlobal("fetch", () => new Promise(() => undefined));
    const held = new LiveConnection(() => undefined, () => undefined, () => undefined);
    held.start();
    const asked: string[] = [];
    void held.begun().then(() => asked.push("first"));
    await vi.advanceTimersByTimeAsync(999);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toEqual(["first"]);
    void held.begun().then(() => asked.push("second"));
    await settle();
    expect(asked).toEqual(["first", "second"]);
    held.stop();
  });

  it("is held by no tab that has been in the background for ten seconds, and goes on where it was when looked at", async () => {
    connection.start();
    await settle();
    streams[0]!.tell("id: 7\nevent: call.opened\ndata: seen\n\n");
    await settle();

    turn(true);
    await vi.advanceTimersByTimeAsync(9_900);
    expect(streams.map(({ held }) => held)).toEqual([true]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(streams.map(({ held }) => held)).toEqual([false]);
    expect(connection.snapshot()).toBe("resting");

    turn(false);
    await settle();
    expect(streams[1]).toMatchObject({ held: true, lastId: "7" });
    streams[1]!.tell("id: 8\nevent: call.opened\ndata: missed\n\n");
    await settle();
    expect(heard).toEqual(["seen", "missed"]);
    expect(connection.snapshot()).toBe("live");
  });

  it("outlasts a short look at another tab", async () => {
    connection.start();
    await settle();

    turn(true);
    await vi.advanceTimersByTimeAsync(9_000);
    turn(false);
    await vi.advanceTimersByTimeAsync(30_000);

    expect(streams.map(({ held }) => held)).toEqual([true]);
  });

  it("is not asked for by a tab that was opened in the background until it is looked at", async () => {
    page.hidden = true;
    connection.start();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(streams).toEqual([]);

    turn(false);
    await settle();
    expect(streams).toMatchObject([{ held: true, lastId: null }]);
  });

  it("is tried again as soon as the browser is online again", async () => {
    connection.start();
    await settle();
    streams[0]!.breakOff();
    await settle();
    expect(connection.snapshot()).toBe("lost");

    browser.dispatchEvent(new Event("online"));
    await settle();

    expect(connection.snapshot()).toBe("live");
    expect(streams.map(({ held }) => held)).toEqual([false, true]);
  });
});
