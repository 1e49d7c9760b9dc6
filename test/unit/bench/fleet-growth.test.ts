import { describe, expect, it } from "vitest";
import { growthOf } from "../../../bench/fleet-growth.ts";

describe("the growth of a fleet's figures", () => {
  it("is not told of the smallest fleet", () => {
    const row = { figures: { ms: 20, msRegistryRead: 10 }, name: "fleet/noop/100" };
    expect(growthOf(row, row)).toEqual({});
  });

  it("is what further tenants add to the time, beside what they add to reading the registry", () => {
    const first = { figures: { ms: 20, msRegistryRead: 10 }, name: "fleet/noop/100" };
    const row = { figures: { ms: 50, msRegistryRead: 70 }, name: "fleet/noop/5000" };
    expect(growthOf(first, row)).toEqual({ growthToRegistryRead: 0.5 });
  });

  it("is what further tenants add to the memory", () => {
    const first = { figures: { liveMb: 14, peakMb: 90 }, name: "fleet/memory/100" };
    const row = { figures: { liveMb: 15, peakMb: 97 }, name: "fleet/memory/5000" };
    expect(growthOf(first, row)).toEqual({ growthLiveMb: 1, growthMb: 7 });
  });

  it("is not told where one of the figures was not measured", () => {
    const first = { figures: { ms: 20 }, name: "fleet/drop/100" };
    const row = { figures: { ms: 50 }, name: "fleet/drop/5000" };
    expect(growthOf(first, row)).toEqual({});
  });
});
