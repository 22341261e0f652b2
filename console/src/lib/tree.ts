import type { AgentNode } from "../api/types";
import { pico } from "./money";

export interface FlatNode {
  node: AgentNode;
  depth: number;
  /** Where its bar begins and how long it is, as shares of the whole session, 0 to 1. */
  left: number;
  width: number;
}

/** A tree as rows, parents before children, and as an icicle: each child below its parent, as wide as its cost. */
export function flatten(root: AgentNode): FlatNode[] {
  const total = pico(root.totalCostPico);
  const rows: FlatNode[] = [];
  const walk = (node: AgentNode, depth: number, left: number, width: number) => {
    rows.push({ node, depth, left, width });
    // The parent's own cost stays free at its end.
    let at = left;
    for (const child of node.children) {
      const share = total > 0n ? Number((pico(child.totalCostPico) * 1_000_000n) / total) / 1_000_000 : 0;
      walk(child, depth + 1, at, share);
      at += share;
    }
  };
  walk(root, 0, 0, 1);
  return rows;
}
