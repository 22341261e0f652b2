import { afterEach, describe, expect, it, vi } from "vitest";
import { pageCode } from "./page-code";

const failure = new TypeError("Failed to fetch dynamically imported module: /assets/KeysPage-1.js");
const failing = pageCode(() => Promise.reject(failure));

afterEach(() => vi.unstubAllGlobals());

describe("a page's code that cannot be fetched", () => {
  it("is said to be gone where the server answers, so that the console is reloaded", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}")));

    await expect(failing()).rejects.toBe(failure);
  });

  it("is a problem like any other while the server is away, so that the console stays", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));

    await expect(failing()).rejects.toMatchObject({ code: "unreachable" });
  });
});
