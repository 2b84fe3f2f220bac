"use strict";
/**
 * Compiles src/ into dist/: CommonJS, and for `import` a module beside each entry point that passes it on. Copies what
 * the package has from elsewhere in the repository.
 */

const { execFileSync } = require("node:child_process");
const { copyFileSync, rmSync, writeFileSync } = require("node:fs");
const { basename, join } = require("node:path");

const root = join(__dirname, "..");
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", root], { stdio: "inherit", cwd: root });
for (const entry of ["index", "ai/index"]) {
  const name = `./${entry.split("/").at(-1)}.js`;
  writeFileSync(join(dist, `${entry}.mjs`), `export * from "${name}";\n`);
  writeFileSync(join(dist, `${entry}.d.mts`), `export * from "${name}";\n`);
}
for (const file of ["LICENSE", "NOTICE", "gpt4all-bindings/catalogue/catalogue.json"]) {
  copyFileSync(join(root, "..", "..", file), join(root, basename(file)));
}
