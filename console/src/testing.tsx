import { notifyManager, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { act, cleanup, configure, render, screen } from "@testing-library/react";
import { vi } from "vitest";
import { live, queryClient } from "./api/queries";
import type { Call, CallDetail, Key, Page, Provider, Session, SessionDetail, SessionSummary, Target, Totals } from "./api/types";
import { consoleRouter } from "./router";

// So that what `act` waits for includes what queries tell the pages.
notifyManager.setScheduler(queueMicrotask);

// Long enough for a machine that does other things too; nothing waits longer than it must.
configure({ asyncUtilTimeout: 15_000 });

/** What the server is asked, by method and path without `/api/v1`, and what it answers. */
type Answers = Record<string, (request: { search: URLSearchParams; body: unknown; headers: Headers }) => unknown>;

const session: Session = {
  signedIn: true, setupRequired: false, passwordSet: true, version: "0.1.0",
  member: { id: "m", email: "ada@example.com", name: "Ada", role: "owner" }, organisation: { id: "o", name: "Foundry" },
};

const usual: Answers = {
  "GET /session": () => session,
  "GET /routes": () => page([]),
  "GET /providers": () => page([]),
  "GET /keys": () => page([]),
};

/** A problem as the server answers it. */
export const refusal = (status: number, detail: string, errors?: { field: string; message: string }[]) =>
  new Response(JSON.stringify({ status, code: `http_${status}`, detail, errors }), { status, headers: { "content-type": "application/problem+json" } });

/** The real console in a DOM, before a server that answers as given; what it asked is in `asked`. */
export class TestConsole {
  readonly asked: string[] = [];
  private router: ReturnType<typeof consoleRouter> | undefined;
  private stream: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(readonly answers: Answers) {
    answers["GET /events"] ??= () => new Response(new ReadableStream<Uint8Array>({ start: (stream) => void (this.stream = stream) }));
    vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => this.answer(new URL(url, "http://bell.test"), init));
    const usually = queryClient.getDefaultOptions();
    queryClient.setDefaultOptions({ ...usually, queries: { ...usually.queries, retryDelay: 0 } });
  }

  private async answer(url: URL, init: RequestInit): Promise<Response> {
    // As the browser does: nothing is sent for who has gone.
    init.signal?.throwIfAborted();
    const name = `${init.method ?? "GET"} ${url.pathname.replace("/api/v1", "")}`;
    this.asked.push(name + url.search);
    const answer = await (this.answers[name] ?? usual[name] ?? (() => refusal(404, "There is nothing here.")))({
      search: url.searchParams, body: init.body ? JSON.parse(String(init.body)) : undefined, headers: new Headers(init.headers),
    });
    init.signal?.throwIfAborted();
    return answer instanceof Response ? answer : new Response(JSON.stringify(answer), { headers: { "content-type": "application/json" } });
  }

  open(address: string) {
    this.router = consoleRouter(createMemoryHistory({ initialEntries: [address] }));
    render(<QueryClientProvider client={queryClient}><RouterProvider router={this.router} /></QueryClientProvider>);
  }

  get address() {
    return this.router!.state.location.href;
  }

  /** How many pages lie before this one. */
  get history() {
    return this.router!.history.location.state.__TSR_index;
  }

  back() {
    return act(async () => this.router!.history.back());
  }

  /** Holds the stream of events back until what is returned is called. */
  connectsLate(): () => void {
    let connect = () => {};
    const until = new Promise<void>((resolve) => (connect = resolve));
    const events = this.answers["GET /events"]!;
    this.answers["GET /events"] = (request) => until.then(() => events(request));
    return connect;
  }

  /** By the stream of events. */
  tell(event: string, data: unknown) {
    this.stream!.enqueue(new TextEncoder().encode(`id: 1\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  }

  breakOff() {
    this.stream!.error(new Error("the connection broke"));
  }

  async close() {
    cleanup();
    live.stop();
    await queryClient.cancelQueries();
    queryClient.clear();
    vi.unstubAllGlobals();
  }
}

export const see = async (text: string | RegExp) => (await screen.findAllByText(text))[0]!;

export const click = async (role: string, name: string | RegExp) => {
  const element = await screen.findByRole(role, { name });
  act(() => element.click());
};

export const page = <T,>(items: T[], nextCursor: string | null = null): Page<T> => ({ items, nextCursor });

export const aKey = (change: Partial<Key> = {}): Key => ({
  id: "k", name: "laptop", prefix: "bell_abc", createdAt: "2026-11-21T05:00:00Z", createdBy: null, expiresAt: null, lastUsedAt: null, revokedAt: null, status: "active", ...change,
});

export const aCall = (change: Partial<Call> = {}): Call => ({
  id: "c", openedAt: "2026-11-21T05:00:00Z", settledAt: "2026-11-21T05:00:01Z", state: "settled", outcome: "completed", key: { id: "k", name: "laptop" }, member: null,
  dialect: "anthropic", operation: "messages", requestedModel: "claude-opus-5-5", route: null, provider: "anthropic", targetModel: null, streaming: false, status: 200, errorType: null,
  usage: { input: 1, cacheWrite5m: null, cacheWrite1h: null, cacheRead: null, output: 1 }, estimated: false, unpriced: false, costPico: "1", ttfbMillis: 1, durationMillis: 1000,
  requestBytes: 1, responseBytes: 1, attemptCount: 1, sessionId: null, agentId: null, parentAgentId: null, userAgent: null, node: "n", ...change,
});

export const aCallDetail = (change: Partial<CallDetail> = {}): CallDetail => ({
  ...aCall(), attempts: [], price: null, cost: { lines: [], totalPico: "1" }, rawUsage: null, clientRequestId: null, ...change,
});

export const totals: Totals = {
  calls: 1, errors: 0, estimatedCalls: 0, unpricedCalls: 0, inputTokens: 1, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0, cacheReadTokens: 0, outputTokens: 1,
  costPico: "1", cacheCostPico: "0", ttfbP50Millis: 1, ttfbP95Millis: 1,
};

export const aSession: SessionSummary = {
  sessionId: "sitting", firstCallAt: "2026-11-21T05:00:00Z", lastCallAt: "2026-11-21T05:00:00Z", calls: 1, agents: 1, costPico: "1", inputTokens: 1, cacheReadTokens: 0, outputTokens: 1,
  models: ["claude-opus-5-5"], key: { id: "k", name: "laptop" }, errors: 0,
};

export const aSessionDetail: SessionDetail = {
  sessionId: "sitting", totals,
  root: { agentId: null, parentAgentId: null, label: "main", calls: 1, costPico: "1", totalCostPico: "1", inputTokens: 1, cacheReadTokens: 0, outputTokens: 1, firstCallAt: null, lastCallAt: null, children: [] },
};

export const aProvider = (change: Partial<Target> = {}): Provider => ({
  name: "anthropic", dialect: "anthropic", baseUrl: "https://api.anthropic.com", credential: "…", source: "environment", health: "healthy",
  targets: [{ route: "claude*", model: "claude*", breaker: { state: "closed", failures: 0, openUntil: null }, waitUntil: null, lastError: null, lastSuccessAt: null, callsLastHour: 0, errorsLastHour: 0, ...change }],
});
