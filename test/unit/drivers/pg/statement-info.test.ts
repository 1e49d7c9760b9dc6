import { describe, expect, it } from "vitest";
import { StatementInfos } from "../../../../src/drivers/pg/statement-info.ts";

describe("what is remembered of texts", () => {
  it("is bounded by their length, so that bulk inserts do not fill the memory", () => {
    const infos = new StatementInfos();
    const long = (number: number): string => `select ${number}, '${"x".repeat(1_000_000)}'`;
    const first = infos.of("select 1");
    expect(infos.of("select 1")).toBe(first);
    for (let number = 0; number < 10; number += 1) infos.of(long(number));
    expect(infos.of("select 1")).not.toBe(first);
  });
});
