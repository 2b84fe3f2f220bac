"use strict";
/** Runs as the package is installed: compiles the addon where the package for this machine is missing. */

const { spawnSync } = require("node:child_process");
const { join } = require("node:path");

const platform = `@gpt4all/${process.platform}-${process.arch}`;

/** Why the addon of the package for this machine cannot be used, or "". */
function wrong() {
  try {
    require.resolve(`${platform}/package.json`);
  } catch {
    return `${platform} is not installed`;
  }
  try {
    require(`${platform}/gpt4all.node`);
    return "";
  } catch (error) {
    return `the addon of ${platform} does not load here (${error.message})`;
  }
}

const reason = wrong();
if (reason) {
  console.log(`gpt4all: ${reason}, so the addon is compiled`);
  const done = spawnSync(process.execPath, [join(__dirname, "build-native.js")], { stdio: "inherit" });
  if (done.status !== 0) {
    console.error(
      `gpt4all: ${reason}, and the addon could not be compiled: the lines above say why.\n` +
        `gpt4all: Install ${platform}, an optional dependency, if there is one for this machine; or install a C++20 ` +
        "compiler, make and Python, which node-gyp needs, and try again.",
    );
    process.exit(1);
  }
  console.log("gpt4all: compiled; name the file of libllmodel in the environment variable GPT4ALL_LIBRARY");
}
