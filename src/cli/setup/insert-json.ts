import { closingBracket, passOver } from "./code-scan.ts";
import { lineEndOf } from "./insert-code.ts";

/**
 * Adds members to an object of a JSON file that are not there yet. Everything else stays as it is
 * written: indentation, line ends, short lists on one line.
 *
 * @param key - name of the object, a member of the outermost one; made where it is missing
 */
export function insertMembers(
  text: string,
  key: string,
  members: Readonly<Record<string, string>>,
): string {
  const parsed = JSON.parse(text.replace(/^\ufeff/, "")) as Readonly<Record<string, unknown>>;
  const there = parsed[key] as Readonly<Record<string, string>> | undefined;
  const added = Object.entries(members).filter(([name]) => there?.[name] === undefined);
  if (added.length === 0) return text;
  const lineEnd = lineEndOf(text);
  const [, indent = "  "] = /\n([ \t]+)"/.exec(text) ?? [];
  const outer = text.indexOf("{");
  const open = there === undefined ? outer : findObject(text, outer, key);
  const close = open === undefined ? undefined : closingBracket(text, open);
  if (open === undefined || close === undefined) return text;
  const inner = there === undefined ? indent : indent + indent;
  const entry = ([name, value]: readonly [string, string], before: string): string =>
    `${before}${JSON.stringify(name)}: ${JSON.stringify(value)}`;
  if (there === undefined) {
    const list = added.map((member) => lineEnd + entry(member, indent + inner)).join(",");
    const own = `${lineEnd}${indent}${JSON.stringify(key)}: {${list}${lineEnd}${indent}}`;
    return insertLast(text, outer, close, own, lineEnd);
  }
  const isOneLine = !text.slice(open, close).includes("\n");
  const written = isOneLine ? [...Object.entries(there), ...added] : added;
  const list = written.map((member) => entry(member, inner)).join(`,${lineEnd}`);
  if (isOneLine) {
    return `${text.slice(0, open + 1)}${lineEnd}${list}${lineEnd}${indent}${text.slice(close)}`;
  }
  return insertLast(text, open, close, lineEnd + list, lineEnd + indent);
}

/** Puts a text behind the last member of an object. */
function insertLast(text: string, open: number, close: number, own: string, end: string): string {
  const body = text.slice(open + 1, close);
  const kept = body.trimEnd();
  const comma = kept.trim() === "" ? "" : ",";
  // What closes an object on a line of its own stays there.
  const tail = /\n/.test(body) ? body.slice(kept.length) : end;
  return `${text.slice(0, open + 1)}${kept}${comma}${own}${tail}${text.slice(close)}`;
}

/** Finds the bracket of an object by its name, among the members of the outermost one alone. */
function findObject(text: string, outer: number, key: string): number | undefined {
  const name = JSON.stringify(key);
  for (let index = outer + 1; index < text.length; index += 1) {
    if (text.startsWith(name, index)) {
      const [colon] = /^\s*:\s*(?=\{)/.exec(text.slice(index + name.length)) ?? [];
      if (colon !== undefined) return index + name.length + colon.length;
    }
    const passed = passOver(text, index);
    if (passed > index) index = passed - 1;
    else if (text[index] === "{" || text[index] === "[") {
      index = closingBracket(text, index) ?? text.length;
    }
  }
  return undefined;
}
