"use strict";
/** After the installation: compiles the addon if there is no package with a ready one for this machine. */

const { existsSync } = require("node:fs");
const { dirname, join } = require("node:path");

function prebuilt() {
  try {
    const folder = dirname(require.resolve(`@gpt4all/${process.platform}-${process.arch}/package.json`));
    return existsSync(join(folder, "gpt4all.node"));
  } catch {
    return false;
  }
}

if (!prebuilt() && !existsSync(join(__dirname, "..", "build", "Release", "gpt4all.node"))) {
  require("./build-native.js");
}
