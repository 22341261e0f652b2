// Takes turns as its parent says: "round CONCURRENCY SECONDS" on standard input, "done RUNS SECONDS" on standard output.
import { createInterface } from "node:readline";

/** One output of a step, 1 KB, different each time, so that nothing is stored once for many. */
let made = 0;
export function output() {
  const head = String(made++);
  return head + "x".repeat(1024 - head.length);
}

/** `run(id)` carries one run of ten steps to its end. */
export async function takeTurns(run) {
  let runs = 0;
  console.log("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    const [word, concurrency, seconds] = line.split(" ");
    if (word !== "round") {
      throw new Error(`what is "${line}"?`);
    }
    let done = 0;
    const begun = performance.now();
    const until = begun + Number(seconds) * 1000;
    const loop = async () => {
      while (performance.now() < until) {
        await run(`${process.pid}-${runs++}`);
        done++;
      }
    };
    await Promise.all(Array.from({ length: Number(concurrency) }, loop));
    console.log(`done ${done} ${(performance.now() - begun) / 1000}`);
  }
  process.exit(0);
}
