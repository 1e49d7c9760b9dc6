import type { Answers } from "./facts.ts";

const HEAD = "// Made by `kirayedar setup` with these answers; run it again to change them.";

/** Writes the answers as a comment, from which {@link previousAnswers} reads them. */
export function answersComment(answers: Answers): string {
  const { admin, adminHost, driver, framework, ids, orm, primaryDomain, tenantName } = answers;
  const lines = [
    `--tenant-name ${JSON.stringify(tenantName)} --ids ${ids}`,
    `--primary-domain ${JSON.stringify(primaryDomain)} --admin-host ${JSON.stringify(adminHost)}`,
    `--driver ${driver} --orm ${orm} --framework ${framework} ${admin ? "--admin" : "--no-admin"}`,
  ];
  return [HEAD, ...lines.map((line) => `//   ${line}`), ""].join("\n");
}

/** Returns the answers that a configuration was made with, where it says so. */
export function previousAnswers(config: string): Partial<Answers> | undefined {
  const start = config.indexOf(HEAD.slice(0, 30));
  if (start < 0) return undefined;
  const lines = config.slice(start).split(/\r?\n/).slice(1);
  const end = lines.findIndex((line) => !line.startsWith("//   --"));
  const text = lines.slice(0, end < 0 ? undefined : end).join(" ");
  const flags = new Map<string, string>();
  for (const [, name = "", quoted, bare] of text.matchAll(
    /--([a-z-]+)(?:[ ]("(?:[^"\\]|\\.)*")|[ ](?!--)([^\s"]+))?/g,
  )) {
    flags.set(name, quoted === undefined ? (bare ?? "") : unquoted(quoted));
  }
  const found: Partial<Record<keyof Answers, string | boolean>> = {};
  for (const [key, flag] of FLAGS) {
    const value = flags.get(flag);
    if (value !== undefined) found[key] = value;
  }
  if (flags.has("admin") || flags.has("no-admin")) found.admin = flags.has("admin");
  return found as Partial<Answers>;
}

/** What a person has broken is no answer. */
function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return "";
  }
}

const FLAGS: readonly (readonly [keyof Answers, string])[] = [
  ["adminHost", "admin-host"],
  ["driver", "driver"],
  ["framework", "framework"],
  ["ids", "ids"],
  ["orm", "orm"],
  ["primaryDomain", "primary-domain"],
  ["tenantName", "tenant-name"],
];
