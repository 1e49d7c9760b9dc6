import { describe, expect, it } from "vitest";
import {
  count,
  createOutput,
  duration,
  type OutputStream,
  styleOf,
} from "../../../src/cli/output.ts";

function memoryStream(about: Partial<OutputStream> = {}): OutputStream & { text: string } {
  return {
    ...about,
    text: "",
    write(text) {
      this.text += text;
    },
  };
}

describe("createOutput", () => {
  it("prints the text on standard output and remarks on standard error", () => {
    const [stdout, stderr] = [memoryStream(), memoryStream()];
    const output = createOutput({ json: false, stderr, stdout });
    output.note("working");
    output.result({ slug: "acme" }, () => "acme is there");
    expect(stdout.text).toBe("acme is there\n");
    expect(stderr.text).toBe("working\n");
  });

  it("prints one JSON document with json, and does not make the text", () => {
    const [stdout, stderr] = [memoryStream(), memoryStream()];
    createOutput({ json: true, stderr, stdout }).result({ at: new Date(0), big: 10n }, () => {
      throw new Error("not wanted");
    });
    expect(JSON.parse(stdout.text)).toEqual({ at: "1970-01-01T00:00:00.000Z", big: "10" });
  });
});

describe("styleOf", () => {
  it("colours only terminals that have colours", () => {
    const colourful = memoryStream({ hasColors: () => true, isTTY: true });
    expect(styleOf(colourful).red("x")).toBe("\u001b[31mx\u001b[39m");
    expect(styleOf(memoryStream({ hasColors: () => true })).red("x")).toBe("x");
    expect(styleOf(memoryStream({ hasColors: () => false, isTTY: true })).red("x")).toBe("x");
  });
});

describe("numbers", () => {
  it("are written with their noun", () => {
    expect([count(0, "tenant"), count(1, "tenant"), count(1200, "tenant")]).toEqual([
      "0 tenants",
      "1 tenant",
      "1,200 tenants",
    ]);
  });

  it.each([
    [0.5, "500 µs"],
    [12.4, "12 ms"],
    [3400, "3.4 s"],
    [59_990, "1 min 0 s"],
    [125_000, "2 min 5 s"],
  ])("%d milliseconds are written for people", (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });
});
