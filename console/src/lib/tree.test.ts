import { expect, it } from "vitest";
import type { AgentNode } from "../api/types";
import { flatten } from "./tree";

const node = (label: string, own: number, children: AgentNode[] = []): AgentNode => ({
  agentId: label, parentAgentId: null, label, calls: 1, costPico: String(own),
  totalCostPico: String(children.reduce((sum, child) => sum + Number(child.totalCostPico), own)),
  inputTokens: 0, cacheReadTokens: 0, outputTokens: 0, firstCallAt: null, lastCallAt: null, children,
});

it("lays children below their parent, as wide as their cost", () => {
  const rows = flatten(node("main", 40, [node("a", 20, [node("b", 10)]), node("c", 30)]));
  expect(rows.map(({ node: { label }, depth, left, width }) => [label, depth, left, width])).toEqual([
    ["main", 0, 0, 1],
    ["a", 1, 0, 0.3],
    ["b", 2, 0, 0.1],
    ["c", 1, 0.3, 0.3],
  ]);
});

it("draws a session that cost nothing", () => {
  expect(flatten(node("main", 0, [node("a", 0)])).map(({ width }) => width)).toEqual([1, 0]);
});
