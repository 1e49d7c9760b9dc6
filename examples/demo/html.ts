/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': "&quot;",
  "&": "&amp;",
  "'": "&#39;",
  "<": "&lt;",
  ">": "&gt;",
};

/** What a template may hold. */
type Value = string | number | Html | readonly Html[] | null | undefined;

function toText(value: Value): string {
  if (value instanceof Html) return value.text;
  if (value === undefined || value === null) return "";
  if (typeof value === "object") return value.map(toText).join("");
  return String(value).replace(/["&'<>]/g, (char) => ESCAPES[char] ?? char);
}

/** Makes HTML of a template; every value is escaped, unless it is HTML itself. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(
    strings.reduce((before, next, index) => before + toText(values[index - 1]) + next),
  );
}
