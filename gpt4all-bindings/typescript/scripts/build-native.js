"use strict";
/** Compiles the addon with node-gyp, against the headers that came with Node where there are any: no download then. */

const { spawnSync } = require("node:child_process");
const { existsSync } = require("node:fs");
const { dirname, join } = require("node:path");

function program() {
  try {
    return require.resolve("node-gyp/bin/node-gyp.js");
  } catch {
    // As part of npm, which every Node brings; npm tells a package's scripts where it is.
    const npm = process.env.npm_execpath;
    return (
      process.env.npm_config_node_gyp ?? (npm && join(dirname(npm), "..", "node_modules/node-gyp/bin/node-gyp.js"))
    );
  }
}

const installation = dirname(dirname(process.execPath));
const headers = existsSync(join(installation, "include", "node", "node_api.h")) ? ["--nodedir", installation] : [];
const found = program();
if (!found || !existsSync(found)) {
  console.error("gpt4all: node-gyp was not found, which compiles the addon; install it, or run `npm rebuild gpt4all`");
  process.exit(1);
}
const done = spawnSync(process.execPath, [found, "rebuild", ...headers], {
  stdio: "inherit",
  cwd: join(__dirname, ".."),
});
process.exit(done.status ?? 1);
