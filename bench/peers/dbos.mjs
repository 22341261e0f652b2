// DBOS Transact: one workflow of ten steps, each returns 1 KB. usage: node dbos.mjs, with the database in
// BENCH_DATABASE_URL.
import { DBOS } from "@dbos-inc/dbos-sdk";
import { output, takeTurns } from "./round.mjs";

DBOS.setConfig({
  name: "bench",
  systemDatabaseUrl: process.env.BENCH_DATABASE_URL,
  systemDatabasePoolSize: 32,
  logLevel: "error",
  enableOTLP: false,
});
const workflow = DBOS.registerWorkflow(
  async () => {
    let last = "";
    for (let i = 0; i < 10; i++) {
      last = await DBOS.runStep(async () => output(), { name: `n${i}` });
    }
    return last.length;
  },
  { name: "ten" },
);
await DBOS.launch();

await takeTurns((id) => DBOS.withNextWorkflowID(id, () => workflow()));
