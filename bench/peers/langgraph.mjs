// LangGraph.js with its PostgreSQL saver: ten nodes in a line, each writes 1 KB. usage: node langgraph.mjs DURABILITY, with the
// database in BENCH_DATABASE_URL.
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import pg from "pg";
import { output, takeTurns } from "./round.mjs";

const url = process.env.BENCH_DATABASE_URL;
const durability = process.argv[2];
const saver = new PostgresSaver(new pg.Pool({ connectionString: url, max: 32 }), undefined, {
  schema: `langgraph_${durability}`,
});
await saver.setup();

const State = Annotation.Root({ out: Annotation() });
const builder = new StateGraph(State);
for (let i = 0; i < 10; i++) {
  builder.addNode(`n${i}`, () => ({ out: output() }));
  builder.addEdge(i === 0 ? START : `n${i - 1}`, `n${i}`);
}
builder.addEdge("n9", END);
const graph = builder.compile({ checkpointer: saver });

await takeTurns((id) =>
  graph.invoke({ out: "" }, { configurable: { thread_id: id }, durability, recursionLimit: 25 }),
);
