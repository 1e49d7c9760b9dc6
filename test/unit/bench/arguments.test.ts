import { describe, expect, it } from "vitest";
import { parseArguments } from "../../../bench/arguments.ts";

describe("the arguments of the benchmarks", () => {
  it("ask for everything but the fleet when there are none", () => {
    expect(parseArguments([])).toEqual({
      engine: undefined,
      isFleet: false,
      isQuick: false,
      json: undefined,
      only: undefined,
    });
  });

  it("ask for the rows of the fleet, some of them, in a hurry, and as JSON", () => {
    expect(
      parseArguments(["--fleet", "--quick", "--only", "noop", "--json", "rows.json"]),
    ).toMatchObject({ isFleet: true, isQuick: true, json: "rows.json", only: /noop/ });
  });

  it("take the fleet's engine by its name", () => {
    expect(parseArguments(["--fleet", "--engine", "postgres"])).toMatchObject({
      engine: "postgres",
      isFleet: true,
    });
  });

  it("refuse a fleet of another engine, and an engine that there is not", () => {
    expect(() => parseArguments(["--fleet", "--engine", "mysql"])).toThrow(/PostgreSQL/);
    expect(() => parseArguments(["--engine", "oracle"])).toThrow(/"oracle" is no engine/);
  });

  it("refuse what they do not know", () => {
    expect(() => parseArguments(["--fleets"])).toThrow(/fleets/);
  });

  it("give way to help", () => {
    expect(parseArguments(["--fleet", "--help"])).toBeUndefined();
  });
});
