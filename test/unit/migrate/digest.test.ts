import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { digestOf, PARTIAL_DIGEST } from "../../../src/migrate/digest.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const one = { checksum: "a".repeat(64), version: "20260101000001" };
const two = { checksum: "b".repeat(64), version: "20260101000002" };

describe("the fingerprint of a history", () => {
  it("is that of its lines, in the order of the versions", () => {
    const text = `${one.version}:${one.checksum}\n${two.version}:${two.checksum}`;
    expect(digestOf([one, two])).toBe(sha256(text));
    expect(digestOf([two, one])).toBe(sha256(text));
    expect(digestOf(new Set([two, one]))).toBe(sha256(text));
  });

  it("orders versions by their bytes, as the server can", () => {
    const versions = ["9", "10", "0009", "100", "1"];
    const given = versions.map((version) => ({ checksum: "c", version }));
    expect(digestOf(given)).toBe(sha256("0009:c\n1:c\n10:c\n100:c\n9:c"));
  });

  it("is that of nothing, for nothing", () => {
    expect(digestOf([])).toBe(sha256(""));
  });

  it("differs with each version and each checksum", () => {
    const all = [
      [],
      [one],
      [two],
      [one, two],
      [{ ...one, checksum: two.checksum }],
      [{ ...one, version: two.version }],
    ].map(digestOf);
    expect(new Set(all).size).toBe(all.length);
  });

  it("is never what stands for a history that is halfway", () => {
    expect(digestOf([one])).toMatch(/^[0-9a-f]{64}$/);
    expect(PARTIAL_DIGEST).not.toMatch(/^[0-9a-f]{64}$/);
  });

  it("leaves what it is given as it was", () => {
    const given = [two, one];
    digestOf(given);
    expect(given).toEqual([two, one]);
  });
});
