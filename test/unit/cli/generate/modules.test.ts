import { describe, expect, it } from "vitest";
import { toFileName, toFunctionName } from "../../../../src/cli/generate/file-name.ts";
import { generateResolver } from "../../../../src/cli/generate/resolver.ts";
import { generateTest } from "../../../../src/cli/generate/test.ts";

const JAVASCRIPT = {
  fileEnding: ".js",
  hasSource: false,
  importEnding: ".js",
  isTypescript: false,
} as const;

/** Loads a module by its text. */
const load = (text: string): Promise<Record<string, unknown>> =>
  import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(text)}`);

describe("names of files", () => {
  it.each([
    ["API key", "api-key", "apiKey"],
    ["apiKey", "api-key", "apiKey"],
    ["by_path 2", "by-path-2", "byPath2"],
    ["default", "default", "defaultResolver"],
  ])("are made of %s", (name, file, fn) => {
    expect([toFileName(name), toFunctionName(file)]).toEqual([file, fn]);
  });

  it.each([
    "",
    " ",
    "../outside",
    "a/b",
    "a\\b",
    "C:",
    "1st",
    "ключ",
    "a--b",
    "-",
    "x".repeat(101),
  ])("are not made of %j", (name) => {
    expect(() => toFileName(name)).toThrow("cannot name a file");
  });
});

describe("a resolver", () => {
  it.each(["host", "identify", "header values", "identification", "class", "resolver"])(
    "may be called %s, whatever else has that name",
    async (name) => {
      const made = generateResolver({
        configFile: "kirayedar.config.js",
        hasResolvers: false,
        language: JAVASCRIPT,
        name,
      });
      const configuration = made.additions.map(({ text }) => text);
      const imported = configuration.flatMap((line) => /^import \{ (\w+) \}/.exec(line)?.[1] ?? []);
      expect(new Set(imported).size).toBe(2);
      expect(Object.keys(await load(made.files[0]?.text ?? ""))).toEqual([imported[0]]);
    },
  );
});

describe("a folder", () => {
  const filesIn = (folder: string): string[] => {
    const language = JAVASCRIPT;
    const configFile = "kirayedar.config.js";
    const more = { configFile, folder, language, name: "one" };
    const made = [
      generateResolver({ ...more, hasResolvers: false }),
      generateTest({ ...more, runner: "node" }),
    ];
    return made.flatMap(({ files }) => files.map(({ file }) => file));
  };

  it.each([
    ["", ""],
    [".", ""],
    ["./", ""],
    ["test//", "test/"],
    ["test\\unit", "test/unit/"],
  ])("%j is one of the project", (folder, at) => {
    expect(filesIn(folder)).toEqual([`${at}one.js`, `${at}one.test.js`]);
  });

  it.each(["/", "/tmp", "..", "../other", "test/../.."])("%j is none", (folder) => {
    expect(() => filesIn(folder)).toThrow("is no folder of the project");
  });
});

describe("a test", () => {
  it("is run by a command that every shell has", () => {
    for (const runner of ["jest", "node", "vitest"] as const) {
      const [command] = generateTest({
        configFile: "kirayedar.config.js",
        language: JAVASCRIPT,
        name: "tenants",
        runner,
      }).additions;
      expect(command?.text).toMatch(/^(?:node|npx) [\w./ -]*test\/tenants\.test\.js$/);
    }
  });
});
