// Makes the site of the documentation in docs/.vitepress/dist: the reference from the docstrings,
// the pages that stand outside of docs/, and everything in docs/ itself. `npm run docs` starts it.
// With `dev`, a server shows changes as they are written; with `preview`, what was built.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const docs = fileURLToPath(new URL("../docs", import.meta.url));
const [task = "build", ...more] = process.argv.slice(2);

if (!["build", "dev", "preview"].includes(task)) {
  process.stderr.write(
    "usage: node scripts/docs.mjs [build | dev | preview] [options of vitepress]\n",
  );
  process.exit(2);
}
if (task !== "preview") {
  if (task === "build") run("node_modules/typescript/bin/tsc", "-p", "tsconfig.json");
  run(".vitepress/reference.ts");
  run(".vitepress/project-pages.ts");
}
run("node_modules/vitepress/bin/vitepress.js", task, ...more);
if (task === "build") run(".vitepress/check-anchors.ts");

/** Runs a file with the Node.js that runs this one, and ends with it where it fails. */
function run(file, ...args) {
  const result = spawnSync(process.execPath, [join(docs, file), ...args], {
    cwd: docs,
    stdio: "inherit",
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
