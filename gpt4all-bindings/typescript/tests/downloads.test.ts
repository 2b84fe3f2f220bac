/** Every case of downloading that all bindings share. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { writeResults } from "./support/conformance.js";
import { DownloadCase, Server, SHARED } from "./support/download-cases.js";
import type { Json } from "./support/places.js";

const results: Record<string, unknown> = {};
let server: Server;

before(async () => {
  for (const name of ["GPT4ALL_OFFLINE", "HF_HUB_OFFLINE", "GPT4ALL_MIRROR", "HF_ENDPOINT", "HF_TOKEN"]) {
    delete process.env[name];
  }
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]) {
    delete process.env[name]; // the server is on this machine
  }
  server = await Server.start();
});

for (const example of SHARED["cases"] as Json[]) {
  const id = example["id"] as string;
  test(id, async () => {
    const folder = mkdtempSync(join(tmpdir(), "gpt4all-download-"));
    try {
      await new DownloadCase(server, folder).run(example);
      results[id] = { passed: true };
    } catch (error) {
      results[id] = { failed: error instanceof Error ? error.message : String(error) };
      throw error;
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

after(async () => {
  writeResults("downloads", results);
  assert.equal(await server.close(), 0);
});
