import { svelte } from "@sveltejs/vite-plugin-svelte";
import { mkdirSync, writeFileSync } from "node:fs";
import license, { type Dependency } from "rollup-plugin-license";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// Where the Python package has the pages that it serves; not in git.
const STATIC = "../gpt4all-bindings/python/gpt4all/_app/static";
// `gpt4all app --no-browser` prints its address; the development server passes on to it what is not a page.
const SERVER = process.env["GPT4ALL_APP"] ?? "http://127.0.0.1:4891";

/** Every browser that has what is used here reads WOFF2: KaTeX's fonts in the older formats would be a megabyte more. */
const woff2Alone: Plugin = {
  name: "woff2-alone",
  enforce: "pre",
  transform: (code, id) =>
    id.includes("katex") && id.includes(".css")
      ? code.replace(/,url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)/g, "")
      : null,
};

const LICENCES = "(MIT OR BSD-2-Clause OR BSD-3-Clause OR Apache-2.0)";
const included = new Map<string, Dependency>();

/** The packages that a part of the pages contains. Their licences have to be passed on with it. */
const licences = (take: () => void): Plugin =>
  license({
    thirdParty: {
      allow: { test: LICENCES, failOnViolation: true, failOnUnlicensed: true },
      output: (packages) => {
        for (const each of packages) included.set(each.name ?? "", each);
        take();
      },
    },
  }) as Plugin;

function writeLicences(): void {
  const texts = [...included.values()].map((each) => each.text()).join(`\n${"-".repeat(80)}\n\n`);
  mkdirSync(STATIC, { recursive: true });
  writeFileSync(`${STATIC}/LICENSES.txt`, texts);
}

// Each browser flow has a server and a page of its own, but they share two processors.
const browser = { environment: "node", testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false } as const;

export default defineConfig({
  plugins: [svelte(), woff2Alone, licences(writeLicences)],
  build: {
    outDir: STATIC,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the content policy lets no font come from a data address
    modulePreload: { polyfill: false },
  },
  worker: { format: "es", plugins: () => [licences(() => undefined)] },
  server: { proxy: { "/app/v1": SERVER, "/v1": SERVER } },
  test: {
    projects: [
      { extends: true, test: { name: "unit", include: ["tests/unit/**/*.test.ts"], environment: "node" } },
      { extends: true, test: { name: "flows", include: ["tests/flows/**/*.test.ts"], ...browser } },
      { extends: true, test: { name: "screenshots", include: ["scripts/screenshots.ts"], ...browser } },
    ],
  },
});
