import { gzipSync } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { apiDouble } from "./dev/double.ts";

/** JavaScript, gzipped, that the browser must have before the first page stands: the budget of the console. */
const FIRST_PAGE_BYTES_MAX = 200 * 1024;
const FIRST_PAGE = "features/dataplane/OverviewPage.tsx";

/** Fails the build when the first page (entry, overview and all they import statically) outgrows its budget. */
function budget(): Plugin {
  return {
    name: "first-page-budget",
    apply: "build",
    generateBundle(_, bundle) {
      const wanted = Object.values(bundle)
        .filter((file) => file.type === "chunk")
        .filter((chunk) => chunk.isEntry || chunk.facadeModuleId?.endsWith(FIRST_PAGE));
      const seen = new Map<string, number>();
      const add = (name: string) => {
        const chunk = bundle[name];
        if (seen.has(name) || chunk?.type !== "chunk") return;
        seen.set(name, gzipSync(chunk.code).length);
        chunk.imports.forEach(add);
      };
      wanted.forEach((chunk) => add(chunk.fileName));
      if (wanted.length < 2) this.error("the first page's chunk was not found");
      const bytes = [...seen.values()].reduce((sum, size) => sum + size, 0);
      const figure = `${(bytes / 1024).toFixed(1)} KiB of JavaScript (gzip) on the first page, ${FIRST_PAGE_BYTES_MAX / 1024} allowed`;
      if (bytes > FIRST_PAGE_BYTES_MAX) this.error(`${figure}: ${[...seen.keys()].join(", ")}`);
      console.log(figure);
    },
  };
}

// Against a running server: BELL_API=http://127.0.0.1:8080 npm run dev. Without it, the double answers.
const server = process.env.BELL_API;
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
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"], cache: false, env: { TZ: "UTC" } },
});
