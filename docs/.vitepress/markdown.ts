// What the site does with Markdown that is written for a Git forge.
import { posix } from "node:path";
import type { MarkdownRenderer } from "vitepress";
import { originOf, toSiteLink } from "./site-map.ts";

type Token = ReturnType<MarkdownRenderer["parse"]>[number];

/** HTML that the pages use on purpose. Anything else that looks like it is text, such as `<T>`. */
const HTML = /^<(?:!--|\/?(?:a|br|details|img|kbd|picture|source|sub|summary|sup)\b)/;

/** Makes links those of the site, and keeps Vue's compiler from text that looks like its own. */
export function forSite(md: MarkdownRenderer): void {
  md.core.ruler.push("site", ({ env, tokens }) => {
    const page = (env as { relativePath?: string }).relativePath ?? "";
    for (const token of tokens) {
      if (token.type === "html_block") escapeHtml(token, md);
      for (const child of token.children ?? []) mend(child, page, md);
    }
  });
}

function mend(token: Token, page: string, md: MarkdownRenderer): void {
  if (token.type === "link_open") setLink(token, page);
  if (token.type === "image") setImage(token, page);
  if (token.type === "html_inline") escapeHtml(token, md);
  if (token.type === "text" && token.content.includes("{{")) {
    token.type = "html_inline";
    token.content = escaped(token.content, md);
  }
}

function escapeHtml(token: Token, md: MarkdownRenderer): void {
  if (!HTML.test(token.content)) token.content = escaped(token.content, md);
}

function escaped(text: string, md: MarkdownRenderer): string {
  return md.utils.escapeHtml(text).replaceAll("{{", "&#123;&#123;");
}

function setLink(token: Token, page: string): void {
  const target = String(token.attrGet("href"));
  if (/^(?:[a-z]+:|#|\/)/i.test(target)) return;
  const link = toSiteLink(page, target);
  if (link === undefined) throw new Error(`${page}: the link ${target} leads out of the site.`);
  token.attrSet("href", link);
}

/** The bundler takes a picture from where it is in `docs`. */
function setImage(token: Token, page: string): void {
  const source = String(token.attrGet("src"));
  if (/^(?:[a-z]+:|\/)/i.test(source)) return;
  const file = posix.join(posix.dirname(originOf(page)), source);
  token.attrSet("src", posix.relative(posix.dirname(`docs/${page}`), file));
}

/** Returns the anchor of a heading as a Git forge makes it, so that one link is right in both. */
export function slugify(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}
