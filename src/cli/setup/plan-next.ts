import { closingBracket, onlyMatch } from "./code-scan.ts";
import { styleOfCode } from "./insert-code.ts";
import type { Changes } from "./plan-changes.ts";
import type { Planning } from "./plan.ts";

const OBJECT =
  /(?:\b(?:const|let)\s+\w+(?:\s*:\s*NextConfig)?\s*=|\bexport\s+default|\bmodule\.exports\s*=)\s*\{/;
const OPTION = "serverExternalPackages";
const SLASH = "skipTrailingSlashRedirect: true,";

/**
 * Plans what the admin pages need of Next: that it leaves the package as it is installed, because a
 * bundler does not find the pages' files, and `/admin/` as it is asked for, where the pages are.
 */
export function planNextConfig({ context, files }: Planning): Changes {
  const { admin, framework } = context.answers;
  if (framework !== "next" || !admin) return { byHand: [], files: [] };
  const path = ["ts", "mts", "mjs", "js"]
    .map((ending) => `next.config.${ending}`)
    .find((name) => files.read(name) !== undefined);
  const before = path === undefined ? undefined : files.read(path);
  const what = "serves the admin pages' files, and their path";
  if (path !== undefined && before !== undefined) {
    if (before.includes("kirayedar") && before.includes("skipTrailingSlashRedirect")) {
      return { byHand: [], files: [{ action: "keep", after: before, before, path, what }] };
    }
    const after = insertOption(before);
    if (after !== undefined) {
      return { byHand: [], files: [{ action: "change", after, before, path, what }] };
    }
  }
  const text = `${OPTION}: ["kirayedar"],\n${SLASH}`;
  return {
    byHand: [{ text, what: `In ${path ?? "next.config.ts"}, among the options` }],
    files: [],
  };
}

function insertOption(text: string): string | undefined {
  const match = onlyMatch(text, OBJECT);
  const isThere = text.includes(OPTION) || text.includes("skipTrailingSlashRedirect");
  if (match === undefined || isThere) return undefined;
  const open = match.index + match[0].length - 1;
  const close = closingBracket(text, open);
  if (close === undefined) return undefined;
  const { indent, lineEnd, quote } = styleOfCode(text);
  const line = [`${OPTION}: [${quote}kirayedar${quote}],`, SLASH]
    .map((option) => lineEnd + indent + option)
    .join("");
  const isEmpty = text.slice(open + 1, close).trim() === "";
  return isEmpty
    ? text.slice(0, open + 1) + line + lineEnd + text.slice(close)
    : text.slice(0, open + 1) + line + text.slice(open + 1);
}
