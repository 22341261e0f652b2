import { mkdirSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { apiDouble } from "./dev/double.ts";

/** JavaScript, gzipped, that the browser fetches for the overview of an organisation with calls, its charts included. */
const FIRST_PAGE_BYTES_MAX = 200_000;
const FIRST_PAGE = ["features/dataplane/OverviewPage.tsx", "components/time-chart.tsx"];

/**
 * Fails the build when the first page (entry, overview, charts and all they import statically) outgrows its budget. What
 * each file weighs, and which packages it is made of, stands in target/first-page.txt.
 */
function budget(): Plugin {
  return {
    name: "first-page-budget",
    apply: "build",
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const roots = chunks.filter((chunk) => chunk.isEntry || FIRST_PAGE.some((page) => chunk.facadeModuleId?.endsWith(page)));
      if (roots.length !== 1 + FIRST_PAGE.length) this.error(`not all of the first page was found: ${FIRST_PAGE.join(", ")}`);
      const needed = new Set<string>();
      const add = (name: string) => {
        const chunk = bundle[name];
        if (needed.has(name) || chunk?.type !== "chunk") return;
        needed.add(name);
        chunk.imports.forEach(add);
      };
      roots.forEach((chunk) => add(chunk.fileName));
      const files = chunks.filter(({ fileName }) => needed.has(fileName)).map((chunk) => ({ chunk, bytes: gzipSync(chunk.code).length })).sort((a, b) => b.bytes - a.bytes);
      const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
      const figure = `${total} bytes of JavaScript (gzip) on the first page with its charts, ${FIRST_PAGE_BYTES_MAX} allowed`;
      const report = files.flatMap(({ chunk, bytes }) => [`${bytes} ${chunk.fileName}`, ...packages(chunk.modules, bytes)]);
      mkdirSync("target", { recursive: true });
      writeFileSync("target/first-page.txt", `${figure}\n\n${report.join("\n")}\n`);
      if (total > FIRST_PAGE_BYTES_MAX) this.error(`${figure}: see console/target/first-page.txt`);
      console.log(figure);
    },
  };
}

/** A file's bytes, shared out among its packages by their length before minifying: near enough to see what weighs. */
function packages(modules: Record<string, { renderedLength: number }>, bytes: number): string[] {
  const lengths = new Map<string, number>();
  for (const [id, { renderedLength }] of Object.entries(modules)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? "console";
    lengths.set(name, (lengths.get(name) ?? 0) + renderedLength);
  }
  const whole = [...lengths.values()].reduce((sum, length) => sum + length, 0);
  return [...lengths]
    .sort(([, a], [, b]) => b - a)
    .map(([name, length]) => `  ~${Math.round((length / whole) * bytes)} ${name}`)
    .filter((line) => !line.startsWith("  ~0 "));
}

// Against a running server: GATEWAY_API=http://127.0.0.1:8080 npm run dev. Without it, the double answers.
const server = process.env.GATEWAY_API;
const proxy = server ? { "/api": { target: server, changeOrigin: false } } : undefined;

export default defineConfig({
  plugins: [react(), tailwindcss(), budget(), ...(server ? [] : [apiDouble()])],
  build: {
    outDir: "target/classes/static",
    emptyOutDir: true,
    target: ["chrome123", "firefox121", "safari17.5"],
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    // The content security policy allows no data: scripts, and small files travel well over HTTP/2.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy },
  preview: { proxy },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"], cache: false, testTimeout: 20_000, env: { TZ: "UTC" } },
});
