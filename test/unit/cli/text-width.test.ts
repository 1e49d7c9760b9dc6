import { describe, expect, it } from "vitest";
import { fitText, printable, textWidth } from "../../../src/cli/text-width.ts";

describe("textWidth", () => {
  it.each([
    ["", 0],
    ["acme", 4],
    ["Zürich", 6],
    ["e\u0301", 1],
    ["日本語", 6],
    ["한국", 4],
    ["ｱｲｳ", 3],
    ["ＡＢ", 4],
    ["🚀", 2],
    ["👩‍👩‍👧‍👦", 2],
    ["🇩🇪", 2],
    ["❤️", 2],
    ["a\u200bb", 2],
    ["Ω≈ç", 3],
  ])("counts the columns of %j", (text, columns) => {
    expect(textWidth(text)).toBe(columns);
  });
});

describe("fitText", () => {
  it("leaves what fits as it is", () => {
    expect(fitText("acme", 4)).toBe("acme");
  });

  it("cuts by columns, not by characters", () => {
    expect(fitText("日本語", 5)).toBe("日本…");
    expect(fitText("日本語", 4)).toBe("日…");
    expect(fitText("globex", 3)).toBe("gl…");
    expect(fitText("globex", 0)).toBe("");
  });
});

describe("printable", () => {
  it("makes escape sequences and direction overrides visible", () => {
    expect(printable("a\u001b[2Jb")).toBe("a\\u{1b}[2Jb");
    expect(printable("evil\u202etxt.exe")).toBe("evil\\u{202e}txt.exe");
    expect(printable("one\ntwo")).toBe("one\\u{a}two");
    expect(printable("c1 \u009b31m")).toBe("c1 \\u{9b}31m");
  });

  it("keeps line breaks and tabs of longer texts", () => {
    expect(printable("one\n\ttwo\r\u0007", "many")).toBe("one\n\ttwo\\u{d}\\u{7}");
  });

  it("leaves other languages alone", () => {
    expect(printable("Zürich 日本 🚀 عربي")).toBe("Zürich 日本 🚀 عربي");
  });
});
