// Where a file of the repository is on the site. Links in the Markdown are those of the repository,
// so that a Git forge can follow them too.
import { posix } from "node:path";

/** Pages that stand outside of `docs`, by their path in the repository. */
export const PROJECT_PAGES: ReadonlyMap<string, string> = new Map([
  // Not `readme`, which would be taken for a folder's page.
  ["README.md", "project/introduction.md"],
  ["ARCHITECTURE.md", "project/architecture.md"],
  ["CONTRIBUTING.md", "project/contributing.md"],
  ["SECURITY.md", "project/security.md"],
  ["CHANGELOG.md", "project/changes.md"],
  ["examples/README.md", "project/examples/index.md"],
]);

/** Pages that have another name on the site, where a folder's page is its `index`. */
export const REWRITES: Readonly<Record<string, string>> = {
  "README.md": "overview.md",
  ":folder/README.md": ":folder/index.md",
};

function pageOf(written: string): string {
  return written === "README.md" ? "overview.md" : written.replace(/\/README\.md$/, "/index.md");
}

/** Returns the path in the repository of the file that a page was made from. */
export function originOf(page: string): string {
  for (const [origin, made] of PROJECT_PAGES) if (made === page) return origin;
  const [, example] = /^project\/examples\/(.+)\.md$/.exec(page) ?? [];
  if (example !== undefined) return `examples/${example}/README.md`;
  // The path of a page that has another name on the site is, to Markdown, the one that it has there.
  return `docs/${page === "overview.md" ? "README.md" : page}`;
}

/** Returns where a link of a page leads on the site, or `undefined` where that is nowhere. */
export function toSiteLink(page: string, target: string): string | undefined {
  const [path = "", anchor] = target.split("#");
  const file = posix.normalize(posix.join(posix.dirname(originOf(page)), path));
  const hash = anchor === undefined ? "" : `#${anchor}`;
  const made = PROJECT_PAGES.get(file);
  if (made !== undefined) return `/${made}${hash}`;
  const [, example, inside] = /^examples\/([^/]+)(?:\/(.+?))?\/?$/.exec(file) ?? [];
  if (example !== undefined) {
    const fileHash = inside === undefined ? hash : `#${toAnchor(inside)}`;
    return `/project/examples/${example}.md${fileHash}`;
  }
  if (!file.startsWith("docs/")) return undefined;
  return `/${pageOf(file.slice("docs/".length))}${hash}`;
}

/** Returns the anchor under which the page of an example shows a file. */
export function toAnchor(file: string): string {
  return `file-${file.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}`;
}
