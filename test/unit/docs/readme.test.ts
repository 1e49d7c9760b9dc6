import { describe, expect, it } from "vitest";
import { readDocument } from "./markdown.ts";

describe("the README", () => {
  const readme = readDocument("README.md");

  it("has at most 150 lines", () => {
    expect(readme.lines.length).toBeLessThanOrEqual(150);
  });

  it("begins with a program of at most 20 lines", () => {
    const program = readme.blocks.find(({ language }) => language === "ts");
    expect(program?.text.split("\n").length).toBeLessThanOrEqual(20);
  });
});
