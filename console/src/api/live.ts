import { useSyncExternalStore } from "react";
import { type ServerSentEvent, SseParser } from "./sse";

/**
 * `live`: events arrive. `connecting`: first try. `lost`: trying again. `resting`: the tab is hidden; browsers allow six
 * connections to a server over all tabs, and a hidden one must not hold one of them.
 */
export type LiveState = "off" | "connecting" | "live" | "lost" | "resting";

const SILENCE_MILLIS_MAX = 40_000; // the server sends a comment every 15 s
const HIDDEN_MILLIS = 10_000;
const FIRST_TRY_MILLIS_MAX = 1_000;
const BACKOFF_MILLIS = { first: 500, max: 15_000 };

/**
 * The stream of what happens. fetch rather than EventSource: that one gives up for good after an error answer, forgets
 * the last id when made anew, and does not notice a connection that died in silence.
 */
export class LiveConnection {
  private state: LiveState = "off";
  private lastId: string | null = null;
  private failures = 0;
  private begunOnce = false;
  private abort: AbortController | null = null;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly watchers = new Set<() => void>();

  constructor(
    private readonly onEvent: (event: ServerSentEvent) => void,
    /** Events are told from now on, and what was before is not. */
    private readonly onBeginning: () => void,
    private readonly onRefused: () => void,
  ) {}

  start() {
    if (this.state !== "off") return;
    document.addEventListener("visibilitychange", this.visibility);
    window.addEventListener("online", this.wake);
    if (document.hidden) {
      // Opened in the background: it has nobody to show anything to.
      this.set("resting");
      return;
    }
    this.set("connecting");
    void this.run();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.visibility);
    window.removeEventListener("online", this.wake);
    clearTimeout(this.hiddenTimer);
    this.disconnect();
    this.lastId = null;
    this.failures = 0;
    this.begunOnce = false;
    this.set("off");
  }

  /** Now rather than at the end of the pause. */
  readonly wake = () => {
    if (this.state === "live" || this.state === "off") return;
    this.disconnect();
    this.failures = 0;
    void this.run();
  };

  readonly subscribe = (watcher: () => void) => {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  };

  readonly snapshot = () => this.state;

  /** Waits until the first try came to something, but not for ever, and not again: a proxy may hold the stream back each time. */
  begun(): Promise<void> {
    if (this.state !== "connecting" || this.begunOnce) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.begunOnce = true;
        clearTimeout(timer);
        unsubscribe();
        resolve();
      };
      const timer = setTimeout(done, FIRST_TRY_MILLIS_MAX);
      const unsubscribe = this.subscribe(done);
    });
  }

  private readonly visibility = () => {
    clearTimeout(this.hiddenTimer);
    if (document.hidden) {
      this.hiddenTimer = setTimeout(() => {
        this.disconnect();
        this.set("resting");
      }, HIDDEN_MILLIS);
    } else if (this.state !== "live") {
      this.wake();
    }
  };

  private disconnect() {
    clearTimeout(this.retryTimer);
    this.abort?.abort();
    this.abort = null;
  }

  private set(state: LiveState) {
    if (state === this.state) return;
    this.state = state;
    this.watchers.forEach((watcher) => watcher());
  }

  private async run() {
    const abort = new AbortController();
    this.abort = abort;
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(), SILENCE_MILLIS_MAX);
    };
    try {
      heard();
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (this.lastId) headers["last-event-id"] = this.lastId;
      const response = await fetch("/api/v1/events", { headers, signal: abort.signal, cache: "no-store" });
      if (response.status === 401) {
        this.set("lost");
        this.onRefused();
        return;
      }
      if (!response.ok || !response.body) throw new Error(`events answered ${response.status}`);
      this.set("live");
      if (this.lastId === null) this.onBeginning();
      const parser = new SseParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        heard();
        this.failures = 0;
        const events = parser.push(value);
        this.lastId = parser.lastId ?? this.lastId;
        events.forEach(this.onEvent);
      }
    } catch {
      // Broken, refused or silent: all the same, and tried again below.
    } finally {
      clearTimeout(silence);
    }
    if (this.abort !== abort) return;
    this.set("lost");
    const pause = Math.min(BACKOFF_MILLIS.max, BACKOFF_MILLIS.first * 2 ** this.failures++);
    this.retryTimer = setTimeout(() => void this.run(), pause * (0.5 + Math.random() / 2));
  }
}

export function useLiveState(connection: LiveConnection): LiveState {
  return useSyncExternalStore(connection.subscribe, connection.snapshot);
}
