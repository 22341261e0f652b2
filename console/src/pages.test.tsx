// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { queryClient } from "./api/queries";
import { aCall, aCallDetail, aKey, aProvider, aSession, aSessionDetail, click, page, refusal, see, TestConsole, totals } from "./testing";

let console: TestConsole;
afterEach(() => console.close());

const pages: { address: string; asks: string; holds: RegExp; answer: unknown }[] = [
  { address: "/", asks: "GET /overview", holds: /What it was for/, answer: { from: "2026-11-21T00:00:00Z", to: "2026-11-21T06:00:00Z", zone: "UTC", bucket: "hour", totals, series: [], groups: [], groupSeries: [] } },
  { address: "/calls", asks: "GET /calls", holds: /laptop/, answer: page([aCall()]) },
  { address: "/calls/c", asks: "GET /calls/c", holds: /Who and where/, answer: aCallDetail() },
  { address: "/sessions", asks: "GET /sessions", holds: /sitting/, answer: page([aSession]) },
  { address: "/sessions/tree?sessionId=sitting", asks: "GET /sessions/tree", holds: /Where the cost went/, answer: aSessionDetail },
  { address: "/keys", asks: "GET /keys", holds: /laptop/, answer: page([aKey()]) },
  { address: "/providers", asks: "GET /providers", holds: /api\.anthropic\.com/, answer: page([aProvider()]) },
  { address: "/connect", asks: "GET /connect", holds: /Set up the client/, answer: { baseUrl: "http://bell.test", modelExamples: { anthropic: "a", openai: "o" }, firstCall: null } },
];

describe("a page whose refresh fails", () => {
  it.each(pages)("keeps what it shows: $address", async ({ address, asks, holds, answer }) => {
    console = new TestConsole({ [asks]: () => answer });
    console.open(address);
    await see(holds);

    console.answers[asks] = () => refusal(503, "The database cannot be reached.");
    const before = console.asked.length;
    await act(() => queryClient.invalidateQueries());

    expect(console.asked.slice(before).some((asked) => asked.startsWith(asks))).toBe(true);
    expect(screen.queryAllByText(holds)).not.toEqual([]);
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

const away = () => Promise.reject(new TypeError("Failed to fetch"));

describe("a page that is opened", () => {
  it.each(pages)("is asked for once, and after the stream of what happens: $address", async ({ address, asks, holds, answer }) => {
    console = new TestConsole({ [asks]: () => answer });
    const connect = console.connectsLate();
    console.open(address);
    await waitFor(() => expect(console.asked).toContain("GET /events"));
    await waitFor(() => expect(queryClient.isFetching()).toBeGreaterThan(0));

    connect();
    await see(holds);
    await see("Live");

    expect(console.asked).toEqual([...new Set(console.asked)]);
    expect(console.asked.slice(0, 2)).toEqual(["GET /session", "GET /events"]);
  });

  it("does not wait long for the stream, and is asked for again when it comes", async () => {
    console = new TestConsole({ "GET /keys": () => page([aKey()]) });
    const connect = console.connectsLate();
    console.open("/keys");
    await see("laptop");

    console.answers["GET /keys"] = () => page([aKey({ name: "made meanwhile" })]);
    connect();

    await see("made meanwhile");
  });
});

describe("a browser that is offline", () => {
  afterEach(() => window.dispatchEvent(new Event("online")));

  it("reads and writes where the server can be reached all the same, as on one machine", async () => {
    console = new TestConsole({
      "GET /keys": () => page([aKey()]),
      "DELETE /keys/k": () => aKey({ status: "revoked", revokedAt: "2026-11-21T06:00:00Z" }),
    });
    console.open("/account");
    window.dispatchEvent(new Event("offline"));

    await click("link", "Keys");
    await see("Active");
    await click("button", "Revoke laptop");
    console.answers["GET /keys"] = () => page([aKey({ status: "revoked" })]);
    await click("button", "Revoke the key");

    await see("Revoked");
  });

  it("loads once it is online what it could not", async () => {
    console = new TestConsole({ "GET /keys": away });
    console.open("/account");
    window.dispatchEvent(new Event("offline"));
    await click("link", "Keys");
    await see("No connection");

    console.answers["GET /keys"] = () => page([aKey()]);
    window.dispatchEvent(new Event("online"));

    await see("laptop");
  });
});

describe("a server that was away", () => {
  it("is asked for the page again by itself", async () => {
    console = new TestConsole({ "GET /keys": away });
    console.open("/account");
    await see("Live");
    console.tell("key.changed", aKey());
    const events = console.answers["GET /events"]!;
    console.answers["GET /events"] = away;
    console.breakOff();
    await click("link", "Keys");
    await see("No connection");

    console.answers["GET /keys"] = () => page([aKey()]);
    console.answers["GET /events"] = events;

    await see("laptop");
  });
});

describe("a page that could not be loaded", () => {
  it.each([
    { what: "a network that broke", answer: away },
    { what: "403", answer: () => refusal(403, "Not for you.") },
    { what: "429", answer: () => refusal(429, "Too many requests.") },
    { what: "500", answer: () => refusal(500, "Something broke.") },
  ])("can be tried again after $what", async ({ answer }) => {
    console = new TestConsole({ "GET /keys": answer });
    console.open("/keys");
    await screen.findByRole("alert");

    console.answers["GET /keys"] = () => page([aKey()]);
    await click("button", "Try again");

    await see("laptop");
  });

  it.each([
    { address: "/calls/c", asks: "GET /calls/c", answer: aCallDetail(), holds: /Who and where/ },
    { address: "/sessions/tree?sessionId=sitting", asks: "GET /sessions/tree", answer: aSessionDetail, holds: /Where the cost went/ },
  ])("can be tried again where there was nothing yet: $address", async ({ address, asks, answer, holds }) => {
    console = new TestConsole({ [asks]: () => refusal(404, "There is nothing here.") });
    console.open(address);
    await see(/There is no such/);

    console.answers[asks] = () => answer;
    await click("button", "Try again");

    await see(holds);
  });
});

describe("the first call", () => {
  it("is said to be past where it is, and a call that comes now to be one", async () => {
    const firstCall = { id: "c", at: "2026-01-01T00:00:00Z", keyName: "laptop", model: "claude-opus-5-5" };
    console = new TestConsole({ "GET /connect": () => ({ baseUrl: "http://bell.test", modelExamples: { anthropic: "a", openai: "o" }, firstCall }) });
    console.open("/connect");
    expect((await see("Calls have arrived")).parentElement?.textContent).toContain("The first: claude-opus-5-5 with “laptop”");

    console.tell("call.opened", aCall({ id: "d", requestedModel: "claude-haiku-5-5", openedAt: new Date().toISOString(), state: "open", outcome: null }));

    expect((await see("A call, just now")).parentElement?.textContent).toContain("just nowclaude-haiku-5-5 with “laptop”");
  });
});

describe("a call that runs", () => {
  it("does not say how often it was tried, which nobody knows yet", async () => {
    console = new TestConsole({ "GET /calls/c": () => aCallDetail({ state: "open", outcome: null, settledAt: null, ttfbMillis: null, attemptCount: 0 }) });

    console.open("/calls/c");

    expect((await see("First byte after")).parentElement?.textContent).toBe("First byte after–known when it ends");
  });
});

describe("a provider's last error", () => {
  const error = { at: "2026-11-21T05:00:00Z", outcome: "overloaded", status: 529, detail: null };

  it("opens the call that met it, though another target may have served that call", async () => {
    console = new TestConsole({ "GET /providers": () => page([aProvider({ lastError: { ...error, callId: "c" } })]), "GET /calls/c": () => aCallDetail({ provider: "backup" }) });
    console.open("/providers");

    await click("link", /529 overloaded/);

    await see(/Who and where/);
    expect(console.address).toBe("/calls/c");
  });

  it("opens nothing where the call is another organisation's", async () => {
    console = new TestConsole({ "GET /providers": () => page([aProvider({ lastError: { ...error, callId: null } })]) });
    console.open("/providers");

    expect((await see(/529 overloaded/)).closest("a")).toBeNull();
  });
});

describe("a sign-in link that is of no use", () => {
  afterEach(() => (window.location.hash = ""));

  it.each([true, false])("says why that may be and where another one is to be had, on a first start: %s", async (setupRequired) => {
    console = new TestConsole({
      "GET /session": () => ({ signedIn: false, setupRequired, member: null, organisation: null, passwordSet: false, version: "0.1.0" }),
      "POST /session/link": () => new Response(JSON.stringify({ code: "sign_in_link_used", detail: "Of no use." }), { status: 410 }),
    });
    console.open("/sign-in");
    await see(/admin link/);

    window.location.hash = "#token=mistyped";

    expect((await screen.findByRole("alert")).textContent).toMatch(/not valid: it was used, replaced or mistyped.*\.\/bell admin link/);
  });
});

describe("the server's reasons", () => {
  it("are shown on the page that asked for something wrong", async () => {
    console = new TestConsole({ "GET /calls": () => refusal(422, "The request cannot be served as it is.", [{ field: "outcome", message: "is none of the outcomes of a call" }]) });

    console.open("/calls?outcome=nonsense");

    expect((await see("The request cannot be served as it is.")).parentElement?.textContent).toContain("outcome: is none of the outcomes of a call");
    expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  });

  it.each([
    { field: "name", label: "Name" },
    { field: "expiresAt", label: "Last day" },
  ])("are shown at the field of a form: $field", async ({ field, label }) => {
    console = new TestConsole({ "POST /keys": () => refusal(422, "The request cannot be served as it is.", [{ field, message: "must be another" }]) });
    console.open("/keys?create=yes");
    fireEvent.change(await screen.findByLabelText("Name"), { target: { value: "laptop" } });
    fireEvent.change(screen.getByLabelText("Expires"), { target: { value: "date" } });
    fireEvent.change(screen.getByLabelText("Last day"), { target: { value: "2099-01-01" } });

    await click("button", "Make the key");

    await waitFor(() => expect(screen.getByLabelText(label).getAttribute("aria-invalid")).toBe("true"));
    const note = document.getElementById(screen.getByLabelText(label).getAttribute("aria-describedby")!);
    expect(note?.textContent).toBe("must be another");
  });

  it("are shown below a form where they belong to none of its fields", async () => {
    console = new TestConsole({ "POST /keys": () => refusal(422, "The request cannot be served as it is.", [{ field: "Idempotency-Key", message: "must have 1 to 255 characters" }]) });
    console.open("/keys?create=yes");
    fireEvent.change(await screen.findByLabelText("Name"), { target: { value: "laptop" } });

    await click("button", "Make the key");

    expect((await screen.findByRole("alert")).textContent).toContain("Idempotency-Key: must have 1 to 255 characters");
  });
});
