import { describe, expect, it } from "vitest";
import { REMEDIES } from "../../../src/errors/codes.ts";
import { readDocument } from "./markdown.ts";

describe("troubleshooting", () => {
  it("leads from each code to its section, and names no other", () => {
    const text = readDocument("docs/troubleshooting.md").lines.join("\n");
    const linked = [...text.matchAll(/\[`([A-Z_]+)`\]\(reference\/errors\.md#([a-z_]+)\)/g)];
    expect(linked.filter(([, code = "", anchor]) => code.toLowerCase() !== anchor)).toEqual([]);
    const codes = new Set(linked.map(([, code = ""]) => code));
    expect([...codes].toSorted()).toEqual(Object.keys(REMEDIES).toSorted());
  });
});

describe("the reference of error codes", () => {
  const { lines } = readDocument("docs/reference/errors.md");
  const sections = lines.flatMap((line) => /^## `([A-Z_]+)`$/.exec(line)?.[1] ?? []);

  it("has one section for each code, in alphabetical order, and no other", () => {
    expect(sections).toEqual(Object.keys(REMEDIES).toSorted());
  });

  it("says of each code what happened and what to do", () => {
    const text = lines.join("\n");
    const incomplete = sections.filter((code) => {
      const section = text.split(`## \`${code}\`\n`)[1]?.split("\n## ")[0] ?? "";
      return !section.includes("**When:**") || !section.includes("**What to do:**");
    });
    expect(incomplete).toEqual([]);
  });
});
