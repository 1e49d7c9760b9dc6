// VitePress checks that the pages exist which links lead to; this checks the headings.
import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = fileURLToPath(new URL("dist", import.meta.url));

/** Ids of each page, by its address. */
const ids = new Map<string, ReadonlySet<string>>();
/** Links with an anchor, by the address of the page that has them. */
const links: (readonly [page: string, path: string, anchor: string])[] = [];

for (const file of globSync("**/*.html", { cwd: DIST })) {
  const page = `/${file.replaceAll("\\", "/").replace(/(?:(?<=^|\/)index)?\.html$/, "")}`;
  const html = readFileSync(join(DIST, file), "utf8");
  ids.set(page, new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id = ""]) => id)));
  for (const [, path = "", anchor = ""] of html.matchAll(/ href="([^":#]*)#([^"]+)"/g)) {
    links.push([page, path === "" ? page : posix.resolve(page, path), decodeURIComponent(anchor)]);
  }
}

const dead = links.filter(([, path, anchor]) => {
  const target = ids.get(path) ?? ids.get(`${path}/`);
  return target === undefined || !target.has(anchor);
});
for (const line of new Set(dead.map(([page, path, anchor]) => `${page}: ${path}#${anchor}`))) {
  console.error(`dead anchor on ${line}`);
}
process.exitCode = dead.length === 0 ? 0 : 1;
