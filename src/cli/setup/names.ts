import pluralize from "pluralize";

/** What one of the application's tenants is called, in every form that is written. */
export interface TenantNames {
  /** As it was asked for, in words: `customer account`. */
  readonly words: string;
  /** Name of a class, type or model: `CustomerAccount`. */
  readonly model: string;
  /** Name of a value for one of them: `customerAccount`. */
  readonly variable: string;
  /** Name of a value for all of them: `customerAccounts`. */
  readonly plural: string;
  /** Name of their table: `customer_accounts`. */
  readonly table: string;
}

/** Longest name in words; what is made of it has to fit into the engines' identifiers. */
const MAX_LENGTH = 40;

/** A class of that name would hide what every module relies on, or what is generated beside it. */
const TAKEN = new Set(
  (
    "Array Boolean Buffer Column Database DataSource Date Entity EntitySchema Error Function Generated " +
    "Map Number Object Pool PrimaryGeneratedColumn Prisma PrismaClient Promise Proxy Record Reflect " +
    "RegExp Set String Symbol Tenancy TenantState"
  ).split(" "),
);

/**
 * Derives all names from what a person calls a tenant, in any style: `Customer Account`,
 * `customer_account` and `CustomerAccount` are the same.
 *
 * @returns the names, or what is wrong with the one that was given
 */
export function parseTenantName(text: string): TenantNames | string {
  const words = wordsOf(text);
  const [first = ""] = words;
  if (words.join("") === "") return "A tenant has to be called something, such as Organization.";
  if (!words.every((word) => /^[a-z0-9]+$/.test(word)) || !/^[a-z]/.test(first)) {
    return `${JSON.stringify(text)} cannot be the name of a model: use letters (a-z), digits and spaces, a letter first.`;
  }
  if (words.join(" ").length > MAX_LENGTH) {
    return `The name of a tenant has at most ${MAX_LENGTH} characters.`;
  }
  const names = toNames(words);
  if (!TAKEN.has(names.model)) return names;
  return `${names.model} would hide something else of that name. Add a word, such as Customer ${names.model}.`;
}

function wordsOf(text: string): string[] {
  return text
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .split(/[\s_-]+/)
    .map((word) => word.toLowerCase());
}

function toNames(words: readonly string[]): TenantNames {
  const last = words.at(-1) ?? "";
  // `pluralize` knows no plural of digits, and leaves what has one form only.
  const all = [...words.slice(0, -1), /[a-z]$/.test(last) ? pluralize.plural(last) : `${last}s`];
  const model = words.map(capitalise).join("");
  return {
    model,
    plural: toVariable(all),
    table: all.join("_"),
    variable: toVariable(words),
    words: words.join(" "),
  };
}

function toVariable([first = "", ...rest]: readonly string[]): string {
  return first + rest.map(capitalise).join("");
}

function capitalise(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** The example of a table that every tenant has. */
export interface ExampleNames {
  /** Name of its model. */
  readonly model: string;
  /** Name of a value for it, and of the table. */
  readonly table: string;
}

/** Returns the names of the example table: notes, unless that is what the tenants are called. */
export function exampleNames({ table }: TenantNames): ExampleNames {
  return table === "notes" ? { model: "Task", table: "tasks" } : { model: "Note", table: "notes" };
}
