// The sidebar is the index of the documentation, README.md: what is listed there is here, in the
// same order. A test makes sure that every page is listed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DefaultTheme } from "vitepress";
import { toSiteLink } from "./site-map.ts";

type Item = DefaultTheme.SidebarItem;

const DOCS = new URL("..", import.meta.url);
const LINK = /\[([^\]]+)\]\(([^)]+)\)/g;

/** Returns a group for each heading of the index, and one for the entry points. */
export function sidebar(): Item[] {
  const index = readFileSync(new URL("README.md", DOCS), "utf8");
  const groups = index
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = "", ...lines] = section.split("\n");
      const items = lines.filter((line) => /^(?:-|\d+\.) /.test(line)).flatMap(itemsOf);
      return { items, text: heading.replace(/,.*$/, "") };
    });
  const reference = groups.find(({ text }) => text === "Reference");
  reference?.items.push({
    collapsed: true,
    items: entryPoints(),
    link: "/reference/modules/",
    text: "From the docstrings",
  });
  return groups;
}

/** A line with many links is a group of its own, under the first of them. */
function itemsOf(line: string): Item[] {
  const links = [...line.matchAll(LINK)].map(([, text = "", target = ""]) => ({
    link: pageOf(target),
    text: text.replaceAll("`", ""),
  }));
  const [first, ...others] = links;
  if (first === undefined || links.length < 3) return links.slice(0, 1);
  return [{ collapsed: true, items: others, link: first.link, text: first.text }];
}

function pageOf(target: string): string {
  const link = toSiteLink("overview.md", target);
  if (link === undefined) throw new Error(`README.md: ${target} is not on the site.`);
  return link.replace(/(?:index)?\.md(?=#|$)/, "");
}

function entryPoints(): Item[] {
  const folder = fileURLToPath(new URL("reference/modules/kirayedar", DOCS));
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const items = names.map((file) => file.replace(/\.md$/, "")).toSorted();
  return [
    { link: "/reference/modules/", text: "kirayedar" },
    ...items.map((name) => ({
      link: `/reference/modules/kirayedar/${name}`,
      text: `kirayedar/${name}`,
    })),
  ];
}
