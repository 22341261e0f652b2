import { describe, expect, it } from "vitest";
import { clients } from "./snippets";

const setting = { baseUrl: "http://127.0.0.1:8080", key: "bell_x", anthropicModel: "claude-opus-5-5", openaiModel: "gpt-5.2" };
const code = (id: string) => clients.find((client) => client.id === id)!.snippets(setting).map((snippet) => snippet.code).join("\n");

describe("set-up to copy", () => {
  it("gives Anthropic's clients the address without /v1", () => {
    expect(code("claude-code")).toContain("ANTHROPIC_BASE_URL=http://127.0.0.1:8080\n");
    expect(code("anthropic-js")).toContain('baseURL: "http://127.0.0.1:8080"');
    expect(code("anthropic-java")).toContain('baseUrl("http://127.0.0.1:8080")');
  });

  it("gives OpenAI's clients the address with /v1", () => {
    expect(code("openai-js")).toContain('baseURL: "http://127.0.0.1:8080/v1"');
    expect(code("openai-java")).toContain('baseUrl("http://127.0.0.1:8080/v1")');
    expect(code("address")).toContain("http://127.0.0.1:8080/ak/bell_x/v1");
  });

  it("puts the key into every one", () => {
    for (const client of clients) for (const snippet of client.snippets(setting)) expect(snippet.code).toContain("bell_x");
  });
});
