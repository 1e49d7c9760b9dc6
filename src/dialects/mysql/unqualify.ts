import type { QualifiedNames, UnqualifiedText } from "../../core/qualified-names.ts";
import { quoteIdentifier } from "./identifier.ts";
import { readToken, type Token } from "./tokens.ts";

/**
 * Takes the name of a database off the names in a script, so that they are those of the scope's own.
 * Bodies of triggers and routines are code, and rewritten too; strings and comments are not.
 */
export function unqualifyNames(script: string, { keep, schema }: QualifiedNames): UnqualifiedText {
  const tokens = significantTokens(script);
  let text = "";
  let at = 0;
  for (const [index, token] of tokens.entries()) {
    const [before, point, name] = [tokens[index - 1], tokens[index + 1], tokens[index + 2]];
    if (nameOf(script, token) !== schema || before === undefined || name === undefined) continue;
    const isQualified = point !== undefined && script.slice(point.start, point.end) === ".";
    const bare = nameOf(script, name);
    if (!isQualified || bare === undefined || keep.includes(bare)) continue;
    if (script.slice(before.start, before.end) === ".") continue;
    const lines = "\n".repeat(script.slice(token.start, name.start).split("\n").length - 1);
    text += script.slice(at, token.start) + lines + quoteIdentifier(bare);
    at = name.end;
  }
  return { problems: [], text: text + script.slice(at) };
}

function significantTokens(script: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (let at = 0; at < script.length;) {
    const token = readToken(script, at, { isInComment: depth > 0 });
    if (token.kind === "open") depth += 1;
    else if (token.kind === "close") depth -= 1;
    else if (token.kind !== "space") tokens.push(token);
    at = token.end;
  }
  return tokens;
}

function nameOf(script: string, { end, kind, start }: Token): string | undefined {
  if (kind === "word") return script.slice(start, end);
  return kind === "name" ? script.slice(start + 1, end - 1).replaceAll("``", "`") : undefined;
}
