const PAIRS: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/**
 * Returns the index of the bracket that closes the one at `open`, or `undefined` where there is none.
 * Strings, templates and comments are passed over; a regular expression with brackets of its own
 * may mislead it, so what is found has to be shown before it is used.
 */
export function closingBracket(text: string, open: number): number | undefined {
  const expected: string[] = [];
  for (let index = open; index < text.length; index += 1) {
    const passed = passOver(text, index);
    if (passed > index) {
      index = passed - 1;
      continue;
    }
    const character = text[index] ?? "";
    const closing = PAIRS[character];
    if (closing !== undefined) expected.push(closing);
    else if (")]}".includes(character)) {
      if (expected.pop() !== character) return undefined;
      if (expected.length === 0) return index;
    }
  }
  return undefined;
}

/** Returns where the string or comment that begins at `index` ends; `index` where none does. */
export function passOver(text: string, index: number): number {
  const two = text.slice(index, index + 2);
  if (two === "//") return endOr(text.indexOf("\n", index), text);
  if (two === "/*") return endOr(text.indexOf("*/", index + 2) + 1, text) + 1;
  const quote = text[index] ?? "";
  return quote !== "" && `"'\``.includes(quote) ? endOfString(text, index, quote) : index;
}

function endOr(found: number, text: string): number {
  return found <= 0 ? text.length : found;
}

function endOfString(text: string, start: number, quote: string): number {
  for (let index = start + 1; index < text.length; index += 1) {
    const character = text[index];
    if (character === "\\") index += 1;
    else if (character === quote) return index + 1;
    else if (quote === "`" && text.startsWith("${", index)) {
      index = closingBracket(text, index + 1) ?? text.length;
    }
  }
  return text.length;
}

/** Whether the arguments between two indexes are one alone, whatever commas are inside it. */
export function isOneArgument(text: string, from: number, to: number): boolean {
  for (let index = from; index < to; index += 1) {
    const passed = passOver(text, index);
    if (passed > index) {
      index = passed - 1;
      continue;
    }
    const character = text[index] ?? "";
    if (PAIRS[character] !== undefined) index = closingBracket(text, index) ?? to;
    else if (character === "," && text.slice(index + 1, to).trim() !== "") return false;
  }
  return text.slice(from, to).trim() !== "";
}

/** Whether a place in a text is code, and not inside a string or a comment. */
export function isCode(text: string, place: number): boolean {
  for (let index = 0; index < place; index += 1) {
    const passed = passOver(text, index);
    if (passed > place) return false;
    if (passed > index) index = passed - 1;
  }
  return true;
}

/** Returns the one match of a pattern that is code; `undefined` for none, and for several. */
export function onlyMatch(text: string, pattern: RegExp): RegExpExecArray | undefined {
  const matches = [...text.matchAll(new RegExp(pattern, `g${pattern.flags.replace("g", "")}`))];
  const inCode = matches.filter((match) => {
    const lead = /^\s*/.exec(match[0])?.[0].length ?? 0;
    return isCode(text, match.index + lead);
  });
  return inCode.length === 1 ? inCode[0] : undefined;
}
