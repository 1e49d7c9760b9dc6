import { closingBracket, isOneArgument, onlyMatch } from "../code-scan.ts";
import { ENTRY_PATTERNS } from "../find-entry.ts";
import type { Mount } from "./mount.ts";

/** `node:http`: a wrapper around what answers requests. */
export const node: Mount = {
  byHand: () => "createServer(withTenant(tenancy, yourListener))",
  imports: [{ from: "kirayedar/node", names: ["withTenant"] }],
  insert: (text) => {
    const match = onlyMatch(text, ENTRY_PATTERNS.node ?? /$^/);
    if (match === undefined) return undefined;
    const from = match.index + match[0].length;
    const close = closingBracket(text, from - 1);
    // Options come first, where there are any.
    if (close === undefined || !isOneArgument(text, from, close)) return undefined;
    const listener = text.slice(from, close).replace(/,\s*$/, "");
    return `${text.slice(0, from)}withTenant(tenancy, ${listener})${text.slice(close)}`;
  },
  where: "where your server is made",
};
