import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { accepts, type CallFilter, FILTERS } from "../src/api/calls.ts";
import type * as T from "../src/api/types.ts";
import { ERRORS } from "../src/lib/outcome.ts";
import { addDays, isoDate, startOfDate } from "../src/lib/time.ts";
import { classes } from "../src/lib/tokens.ts";

/**
 * A stand-in for the server's API, for work on pages without a server: `npm run dev`. Not shipped. Made-up calls, always
 * the same but for their times. Sign in with any address and the password `password`, or by /sign-in#token=good (also
 * `used`, `expired`). The cookie `double` asks for other worlds: `empty`, `failing`.
 */
export function apiDouble(): Plugin {
  return {
    name: "api-double",
    configureServer: (server) => void server.middlewares.use("/api/v1", double()),
    configurePreviewServer: (server) => void server.middlewares.use("/api/v1", double()),
  };
}

const CALLS = 6000;
const DAYS = 30;

let seed = 7;
const random = () => {
  seed = (seed * 1664525 + 1013904223) % 4294967296;
  return seed / 4294967296;
};
const pick = <V>(items: readonly V[]): V => items[Math.floor(random() ** 1.7 * items.length)]!;
const hex = (length: number) => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join("");
const id = (at: number) => `${at.toString(16).padStart(12, "0").replace(/^(.{8})/, "$1-")}-7${hex(3)}-8${hex(3)}-${hex(12)}`;

const prices: Record<string, number[]> = {
  "claude-opus-5-5": [5_000_000, 6_250_000, 10_000_000, 500_000, 25_000_000],
  "claude-sonnet-5-5": [3_000_000, 3_750_000, 6_000_000, 300_000, 15_000_000],
  "claude-haiku-5-5": [1_000_000, 1_250_000, 2_000_000, 100_000, 5_000_000],
  "gpt-5.2": [1_750_000, 0, 0, 175_000, 14_000_000],
  "mystery-model-2-preview-with-a-long-name": [15_000_000, 18_750_000, 30_000_000, 1_500_000, 75_000_000],
};
const models = Object.keys(prices);
const members = [{ id: "m1", name: "Ada Lovelace" }, { id: "m2", name: "Grace Hopper" }, null];

function double() {
  const lines = (model: string, usage: T.Usage): T.CostLine[] =>
    classes.flatMap(({ key, usage: name }, n) => {
      const tokens = usage[name];
      const price = prices[model]![n]!;
      return tokens === null ? [] : [{ class: key, tokens, pricePico: String(price), costPico: (BigInt(tokens) * BigInt(price)).toString() }];
    });
  const cost = (model: string, usage: T.Usage) => lines(model, usage).reduce((sum, line) => sum + BigInt(line.costPico), 0n);

  const start = Date.now();
  const keys: T.Key[] = ["Ada’s laptop", "ci-pipeline", "Grace’s laptop with a rather long name, for the build farm", "old-script", "trial"].map((name, n) => ({
    id: `k${n}`, name, prefix: `bell_${hex(6)}`, createdAt: new Date(start - (40 - n) * 86_400_000).toISOString(), createdBy: n === 1 ? null : { id: "m1", name: "Ada Lovelace" },
    expiresAt: n === 4 ? new Date(start - 86_400_000).toISOString() : n === 1 ? new Date(start + 20 * 86_400_000).toISOString() : null,
    lastUsedAt: n === 4 ? null : new Date(start - n * 3_700_000).toISOString(), revokedAt: n === 3 ? new Date(start - 5 * 86_400_000).toISOString() : null,
    status: n === 3 ? "revoked" : n === 4 ? "expired" : "active",
  }));
  const sessions = Array.from({ length: 60 }, () => id(start));
  let calls: T.Call[] = Array.from({ length: CALLS }, (_, n) => newCall(start - Math.floor((n / CALLS) ** 1.3 * DAYS * 86_400_000) - 5000)).map(settle);
  let signedIn = false;
  let passwordSet = true;
  let sequence = 0;
  const listeners = new Set<ServerResponse>();
  const tell = (event: string, data: unknown) => listeners.forEach((to) => to.write(`id: ${++sequence}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`));

  function newCall(at: number): T.Call {
    const requestedModel = pick(models);
    const openai = requestedModel.startsWith("gpt");
    const key = keys[Math.floor(random() ** 2 * 3)]!;
    const session = openai || random() < 0.2 ? null : sessions[Math.abs(Math.floor((start - at) / 43_200_000)) % sessions.length]!;
    const agent = session && random() < 0.5 ? `agent-${["explore", "plan", "review", "write-tests"][Math.floor(random() * 4)]}` : null;
    return {
      id: id(at), openedAt: new Date(at).toISOString(), settledAt: null, state: "open", outcome: null, key: { id: key.id, name: key.name }, member: pick(members),
      dialect: openai ? "openai" : "anthropic", operation: openai ? "chat.completions" : "messages", requestedModel, route: requestedModel, provider: openai ? "openai" : "anthropic",
      targetModel: requestedModel, streaming: random() < 0.8, status: null, errorType: null, usage: { input: null, cacheWrite5m: null, cacheWrite1h: null, cacheRead: null, output: null },
      estimated: false, unpriced: requestedModel.startsWith("mystery"), costPico: null, ttfbMillis: null, durationMillis: null, requestBytes: Math.floor(2000 + random() * 400_000),
      responseBytes: null, attemptCount: 0, sessionId: session, agentId: agent, parentAgentId: agent === "agent-review" ? "agent-plan" : null,
      userAgent: openai ? "OpenAI/JS 6.9.0" : "claude-cli/3.4.1 (external, cli)", node: "node-1",
    };
  }

  function settle(call: T.Call): T.Call {
    const dice = random();
    const outcome: T.Outcome = dice < 0.93 ? "completed" : dice < 0.955 ? "aborted" : dice < 0.975 ? "failed" : dice < 0.985 ? "cut" : dice < 0.993 ? "refused" : "interrupted";
    const ttfbMillis = outcome === "refused" ? null : Math.floor(300 + random() ** 3 * 6000);
    const durationMillis = outcome === "refused" ? 2 : ttfbMillis! + Math.floor(random() ** 2 * 60_000);
    const counted = outcome !== "failed" && outcome !== "refused";
    const openai = call.dialect === "openai";
    const usage: T.Usage = {
      input: counted ? Math.floor(random() * 3000) : null, cacheWrite5m: counted && !openai ? Math.floor(random() ** 4 * 20_000) : null,
      cacheWrite1h: counted && !openai && random() < 0.2 ? Math.floor(random() * 4000) : null, cacheRead: counted ? Math.floor(random() * 150_000) : null, output: counted ? Math.floor(random() ** 2 * 4000) : null,
    };
    return {
      ...call, state: "settled", outcome, settledAt: new Date(Date.parse(call.openedAt) + durationMillis).toISOString(), status: outcome === "failed" ? 529 : outcome === "refused" ? 404 : 200,
      errorType: outcome === "failed" ? "overloaded_error" : outcome === "refused" ? "not_found_error" : null, usage, estimated: outcome === "aborted" || outcome === "interrupted", costPico: cost(call.requestedModel, usage).toString(),
      ttfbMillis, durationMillis, responseBytes: Math.floor(random() * 90_000), attemptCount: outcome === "refused" ? 0 : random() < 0.06 ? 2 : 1,
    };
  }

  function totals(of: T.Call[]): T.Totals {
    const sum = (name: keyof T.Usage) => of.reduce((total, call) => total + (call.usage[name] ?? 0), 0);
    const waits = of.flatMap((call) => call.ttfbMillis ?? []).sort((a, b) => a - b);
    return {
      calls: of.length, errors: of.filter((call) => ERRORS.includes(call.outcome!)).length, estimatedCalls: of.filter((call) => call.estimated).length, unpricedCalls: of.filter((call) => call.unpriced).length,
      inputTokens: sum("input"), cacheWrite5mTokens: sum("cacheWrite5m"), cacheWrite1hTokens: sum("cacheWrite1h"), cacheReadTokens: sum("cacheRead"), outputTokens: sum("output"),
      costPico: of.reduce((total, call) => total + BigInt(call.costPico ?? 0), 0n).toString(),
      cacheCostPico: of.reduce((total, call) => total + lines(call.requestedModel, call.usage).filter((line) => line.class.startsWith("cache")).reduce((part, line) => part + BigInt(line.costPico), 0n), 0n).toString(),
      ttfbP50Millis: waits[Math.floor(waits.length * 0.5)] ?? null, ttfbP95Millis: waits[Math.floor(waits.length * 0.95)] ?? null,
    };
  }

  function overview(search: URLSearchParams, world: T.Call[]): T.Overview {
    const from = Date.parse(search.get("from")!);
    const to = Date.parse(search.get("to")!);
    const zone = search.get("zone") ?? "UTC";
    const wish = search.get("bucket");
    const bucket = (wish && wish !== "auto" ? wish : to - from <= 3 * 86_400_000 ? "hour" : to - from <= 93 * 86_400_000 ? "day" : "week") as T.Bucket;
    const starts: number[] = [];
    if (bucket === "hour") for (let at = from; at < to; at += 3_600_000) starts.push(at);
    else for (let day = isoDate(from, zone); startOfDate(day, zone).getTime() < to; day = addDays(day, bucket === "day" ? 1 : bucket === "week" ? 7 : 30)) starts.push(startOfDate(day, zone).getTime());
    const meant = world.filter((call) => call.state === "settled" && Date.parse(call.openedAt) >= from && Date.parse(call.openedAt) < to);
    const by = search.get("groupBy") ?? "model";
    const group = (call: T.Call) => (by === "model" ? { id: call.requestedModel, name: call.requestedModel } : by === "key" ? call.key : (call.member ?? { id: null, name: "No member" }));
    const groups = new Map<string | null, { name: string; calls: T.Call[] }>();
    for (const call of meant) {
      const { id: groupId, name } = group(call);
      const known = groups.get(groupId) ?? { name, calls: [] };
      known.calls.push(call);
      groups.set(groupId, known);
    }
    const buckets = starts.map((at, n) => ({ at, calls: meant.filter((call) => Date.parse(call.openedAt) >= at && Date.parse(call.openedAt) < (starts[n + 1] ?? to)) }));
    return {
      from: new Date(from).toISOString(), to: new Date(to).toISOString(), zone, bucket, totals: totals(meant),
      series: buckets.map(({ at, calls: inside }) => ({ start: new Date(at).toISOString(), ...totals(inside) })),
      groups: [...groups].map(([groupId, { name, calls: inside }]) => ({ id: groupId, name, ...totals(inside) })).sort((a, b) => (BigInt(a.costPico) > BigInt(b.costPico) ? -1 : 1)),
      groupSeries: buckets.flatMap(({ at, calls: inside }) => [...groups.keys()].map((groupId) => {
        const own = inside.filter((call) => group(call).id === groupId);
        return { start: new Date(at).toISOString(), groupId, calls: own.length, costPico: totals(own).costPico };
      }).filter((point) => point.calls > 0)),
    };
  }

  function detail(call: T.Call): T.CallDetail {
    const opened = Date.parse(call.openedAt);
    const failed = call.attemptCount > 1;
    return {
      ...call, clientRequestId: "req-from-client-1", price: { version: "2026-10-01", known: !call.unpriced, source: call.unpriced ? null : "https://docs.claude.com/en/docs/about-claude/pricing", effectiveFrom: "2026-10-01T00:00:00Z" },
      attempts: call.state === "open" || call.attemptCount === 0 ? [] : [
        ...(failed ? [{ ordinal: 1, provider: call.provider!, model: call.targetModel!, startedAt: new Date(opened + 3).toISOString(), outcome: "overloaded", status: 529, providerRequestId: `req_${"x".repeat(20)}`, ttfbMillis: 120, durationMillis: 150, detail: "overloaded_error" }] : []),
        { ordinal: failed ? 2 : 1, provider: call.provider!, model: call.targetModel!, startedAt: new Date(opened + (failed ? 190 : 2)).toISOString(), outcome: call.outcome === "failed" ? "provider_error" : "ok", status: call.status, providerRequestId: "req_011CVK2rZ9J4example", ttfbMillis: (call.ttfbMillis ?? 0) - (failed ? 190 : 0), durationMillis: call.durationMillis! - (failed ? 190 : 0), detail: null },
      ],
      cost: { lines: call.state === "open" ? [] : lines(call.requestedModel, call.usage), totalPico: call.costPico ?? "0" },
      rawUsage: call.usage.input === null ? null : { input_tokens: call.usage.input, cache_read_input_tokens: call.usage.cacheRead, output_tokens: call.usage.output, service_tier: "standard" },
    };
  }

  function tree(sessionId: string, world: T.Call[]): T.SessionDetail | null {
    const own = world.filter((call) => call.sessionId === sessionId);
    if (own.length === 0) return null;
    const node = (agentId: string | null, parentAgentId: string | null, children: T.AgentNode[]): T.AgentNode => {
      const mine = own.filter((call) => call.agentId === agentId);
      const sum = totals(mine);
      return {
        agentId, parentAgentId, label: agentId ?? "main", calls: mine.length, costPico: sum.costPico, totalCostPico: children.reduce((total, child) => total + BigInt(child.totalCostPico), BigInt(sum.costPico)).toString(),
        inputTokens: sum.inputTokens, cacheReadTokens: sum.cacheReadTokens, outputTokens: sum.outputTokens, firstCallAt: mine.at(-1)?.openedAt ?? null, lastCallAt: mine[0]?.openedAt ?? null, children,
      };
    };
    const has = (agent: string) => own.some((call) => call.agentId === agent);
    const review = has("agent-review") ? [node("agent-review", "agent-plan", [])] : [];
    const plan = has("agent-plan") ? [node("agent-plan", null, review)] : review;
    return { sessionId, totals: totals(own), root: node(null, null, [...plan, ...["agent-explore", "agent-write-tests"].filter(has).map((agent) => node(agent, null, []))]) };
  }

  const target = (route: string, model: string, change: Partial<T.Target> = {}): T.Target => ({ route, model, breaker: { state: "closed", failures: 0, openUntil: null }, waitUntil: null, lastError: null, lastSuccessAt: new Date(Date.now() - 40_000).toISOString(), callsLastHour: 128, errorsLastHour: 2, ...change });
  const providers = (): T.Provider[] => [
    { name: "anthropic", dialect: "anthropic", baseUrl: "https://api.anthropic.com", credential: "sk-ant-…masked", source: "environment", health: "healthy", targets: [target("claude*", "claude*"), target("claude-opus-5-5", "claude-opus-5-5", { waitUntil: new Date(Date.now() + 17_000).toISOString(), lastError: { at: new Date(Date.now() - 60_000).toISOString(), outcome: "rate_limited", status: 429, detail: "This request would exceed your organization’s rate limit.", callId: calls.find((call) => call.attemptCount > 1)?.id ?? null } })] },
    { name: "backup", dialect: "anthropic", baseUrl: "https://anthropic.backup.example.com", credential: "sk-…masked", source: "configuration", health: "down", targets: [target("claude-opus-5-5", "claude-opus-5-5-eu", { breaker: { state: "open", failures: 3, openUntil: new Date(Date.now() + 22_000).toISOString() }, lastSuccessAt: null, callsLastHour: 3, errorsLastHour: 3, lastError: { at: new Date(Date.now() - 8_000).toISOString(), outcome: "connect_failed", status: null, detail: "connection refused", callId: null } })] },
    { name: "ollama", dialect: "openai", baseUrl: "http://127.0.0.1:11434/v1", credential: "none", source: "environment", health: "unknown", targets: [] },
  ];

  // Life: a call opens every two seconds and ends a while later.
  const timer = setInterval(() => {
    if (listeners.size === 0) return;
    const call = newCall(Date.now());
    calls = [call, ...calls];
    tell("call.opened", call);
    setTimeout(() => {
      const settled = { ...settle(call), settledAt: new Date().toISOString(), durationMillis: Date.now() - Date.parse(call.openedAt) };
      calls = calls.map((known) => (known.id === call.id ? settled : known));
      tell("call.settled", settled);
    }, 1500 + Math.random() * 8000).unref();
  }, 2000);
  timer.unref();
  setInterval(() => listeners.forEach((to) => to.write(": still here\n\n")), 15_000).unref();

  return async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://double");
    const cookies = request.headers.cookie ?? "";
    const world = /double=empty/.test(cookies) ? [] : calls;
    const send = (status: number, body?: unknown, type = "application/json") => {
      response.writeHead(status, { "content-type": type, "x-request-id": "0193-double" });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    const refuse = (status: number, code: string, detail: string, errors?: unknown) => send(status, { type: "about:blank", title: code, status, detail, code, requestId: "0193a7c2-4f7e-7c11-9b1e-double000001", errors }, "application/problem+json");
    const body = async () => {
      let text = "";
      for await (const piece of request) text += piece;
      return (text ? JSON.parse(text) : {}) as Record<string, string>;
    };
    const page = <V>(items: V[], size: number) => {
      const at = Number(url.searchParams.get("cursor") ?? 0);
      return send(200, { items: items.slice(at, at + size), nextCursor: at + size < items.length ? String(at + size) : null });
    };
    const isIn = signedIn || /double_session/.test(cookies);
    const session = () => ({ signedIn: isIn || signedIn, setupRequired: /double=fresh/.test(cookies), member: isIn || signedIn ? { id: "m1", email: "ada@example.com", name: "Ada Lovelace", role: "owner" } : null, organisation: isIn || signedIn ? { id: "o", name: "Example Foundry" } : null, passwordSet, version: "0.1.0" });
    const path = url.pathname;
    const route = `${request.method} ${path}`;
    if (route === "GET /session") return send(200, session());
    if (route === "POST /session/link") {
      const { token } = await body();
      if (token === "used" || token === "expired") return refuse(410, `sign_in_link_${token}`, `This link is ${token}.`);
      signedIn = true;
      passwordSet = false;
      return send(200, session());
    }
    if (route === "POST /session") {
      const { password } = await body();
      if (password !== "password") return refuse(401, "sign_in_failed", "The sign-in failed.");
      signedIn = true;
      passwordSet = true;
      return send(200, session());
    }
    if (!isIn) return refuse(401, "not_signed_in", "Sign in first.");
    if (route === "PUT /session/password") {
      await body();
      passwordSet = true;
      return send(204);
    }
    if (route === "DELETE /session") {
      signedIn = false;
      return send(204);
    }
    if (path === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.write(": hello\n\n");
      listeners.add(response);
      request.on("close", () => listeners.delete(response));
      return;
    }
    if (/double=failing/.test(cookies)) return refuse(503, "database_unavailable", "The database cannot be reached. Calls are served and recorded meanwhile; pages come back when it does.");
    if (path === "/overview") return send(200, overview(url.searchParams, world));
    if (path === "/calls") {
      const filter = Object.fromEntries(FILTERS.map((name) => [name, url.searchParams.get(name) ?? undefined])) as CallFilter;
      return page(world.filter((call) => accepts(filter, call)), Number(url.searchParams.get("limit") ?? 50));
    }
    const one = /^\/(calls|keys)\/(.+)$/.exec(path);
    if (one?.[1] === "calls") {
      const call = world.find((known) => known.id === one[2]);
      return call ? send(200, detail(call)) : refuse(404, "not_found", "There is no such call.");
    }
    if (path === "/sessions/tree") {
      const found = tree(url.searchParams.get("sessionId") ?? "", world);
      return found ? send(200, found) : refuse(404, "not_found", "There is no such session.");
    }
    if (path === "/sessions") {
      const from = url.searchParams.get("from") ?? "";
      const known = new Map<string, T.Call[]>();
      for (const call of world) if (call.sessionId && call.openedAt >= from) known.set(call.sessionId, [...(known.get(call.sessionId) ?? []), call]);
      return page([...known].map(([sessionId, own]): T.SessionSummary => {
        const sum = totals(own);
        return { sessionId, firstCallAt: own.at(-1)!.openedAt, lastCallAt: own[0]!.openedAt, calls: own.length, agents: new Set(own.map((call) => call.agentId)).size, costPico: sum.costPico, inputTokens: sum.inputTokens, cacheReadTokens: sum.cacheReadTokens, outputTokens: sum.outputTokens, models: [...new Set(own.map((call) => call.requestedModel))], key: own[0]!.key, errors: sum.errors };
      }), 50);
    }
    if (route === "GET /keys") return page(/double=empty/.test(cookies) ? [] : keys, 100);
    if (route === "POST /keys") {
      const { name, expiresAt } = await body();
      if (!name) return refuse(422, "validation_failed", "The name must have 1 to 100 characters.", [{ field: "name", message: "must have 1 to 100 characters" }]);
      const key: T.Key = { id: `k${keys.length}`, name, prefix: `bell_${hex(6)}`, createdAt: new Date().toISOString(), createdBy: { id: "m1", name: "Ada Lovelace" }, expiresAt: expiresAt ?? null, lastUsedAt: null, revokedAt: null, status: "active" };
      keys.unshift(key);
      tell("key.changed", key);
      return send(201, { key, secret: `bell_${"3kD9".repeat(10)}` });
    }
    if (request.method === "DELETE" && one?.[1] === "keys") {
      const at = keys.findIndex((key) => key.id === one[2]);
      if (at < 0) return refuse(404, "not_found", "There is no such key.");
      keys[at] = { ...keys[at]!, status: "revoked", revokedAt: new Date().toISOString() };
      tell("key.changed", keys[at]);
      return send(200, keys[at]);
    }
    if (path === "/providers") return send(200, { items: /double=empty/.test(cookies) ? [] : providers(), nextCursor: null });
    if (path === "/routes") return send(200, { items: [{ name: "claude-opus-5-5", dialect: "anthropic", targets: [{ provider: "anthropic", model: "claude-opus-5-5" }, { provider: "backup", model: "claude-opus-5-5-eu" }] }], nextCursor: null });
    if (path === "/connect") {
      const first = world.at(-1);
      return send(200, { baseUrl: "http://127.0.0.1:8080", modelExamples: { anthropic: "claude-opus-5-5", openai: "gpt-5.2" }, firstCall: first ? { id: first.id, at: first.openedAt, keyName: first.key.name, model: first.requestedModel } : null });
    }
    return refuse(404, "not_found", "There is nothing here.");
  };
}
