// One step of the Maven build, run only when what it reads has changed: install, build or check.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const manifest = ["package.json", "package-lock.json"];
const sources = [...manifest, "index.html", "vite.config.ts", "tsconfig.json", "eslint.config.js", "public", "scripts", "src", "dev"];

// The stamp stands where the step's output stands, so that it vanishes together with it.
const steps = {
  install: { reads: manifest, stamp: "node_modules/.bellfounder", run: [["npm", "ci", "--no-audit", "--no-fund"]] },
  build: { reads: sources, stamp: "target/build.stamp", needs: "target/classes/static/index.html", run: [["npx", "vite", "build"]] },
  check: {
    reads: sources,
    stamp: "target/check.stamp",
    run: [
      ["npx", "tsc", "--noEmit"],
      ["npx", "eslint", "--max-warnings", "0", "--cache", "--cache-location", "target/eslint/", "."],
      ["npx", "vitest", "run"],
    ],
  },
};

function hash(paths) {
  const digest = createHash("sha256");
  const add = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name));
    } else {
      digest.update(path).update("\0").update(readFileSync(path)).update("\0");
    }
  };
  paths.forEach(add);
  return digest.update(process.version).digest("hex");
}

const step = steps[process.argv[2]];
if (!step) {
  console.error("usage: node scripts/step.js install|build|check");
  process.exit(2);
}
const wanted = hash(step.reads);
const current = existsSync(step.stamp) ? readFileSync(step.stamp, "utf8") : "";
if (current !== wanted || (step.needs && !existsSync(step.needs))) {
  rmSync(step.stamp, { force: true });
  for (const [command, ...args] of step.run) {
    const done = spawnSync(command, args, { stdio: "inherit", shell: process.platform === "win32" });
    if (done.error) console.error(`${command} could not be started: ${done.error.message}. Node.js 20.19 or later with npm is needed.`);
    if (done.status !== 0) process.exit(done.status ?? 1);
  }
  mkdirSync(dirname(step.stamp), { recursive: true });
  writeFileSync(step.stamp, wanted);
}
