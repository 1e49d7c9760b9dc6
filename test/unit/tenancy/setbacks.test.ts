import { describe, expect, it } from "vitest";
import type { Tenant } from "../../../src/core/tenant.ts";
import { TenancyError } from "../../../src/errors/tenancy-error.ts";
import { Setbacks } from "../../../src/tenancy/setbacks.ts";
import { fakeTenant } from "../../support/pg-world.ts";

const at = (migrationsDigest: string | null): Tenant => ({ ...fakeTenant("a"), migrationsDigest });
const failure = new TenancyError("MIGRATION_FAILED", "No.");

describe("Setbacks", () => {
  let time = 0;
  const create = (): Setbacks => {
    time = 0;
    return new Setbacks(10, () => time);
  };
  const { id } = at(null);

  it("keeps a failure for five seconds, and twice as long each time, up to a minute", () => {
    const setbacks = create();
    for (const pauseMs of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      setbacks.note(id, "x", failure);
      time += pauseMs - 1;
      expect(setbacks.of(at("x"))).toMatchObject({ error: failure });
      time += 1;
      expect(setbacks.of(at("x"))).toBeUndefined();
    }
  });

  it("is about the tenant as it was after the failure alone", () => {
    const setbacks = create();
    setbacks.note(id, null, failure);
    expect(setbacks.of(at(null))).toBeDefined();
    expect(setbacks.of(at("x"))).toBeUndefined();
    setbacks.note(id, "x", failure);
    time += 5_000;
    expect(setbacks.of(at("x"))).toBeUndefined();
  });

  it("keeps that the server was not there for a second", () => {
    const setbacks = create();
    for (let turn = 0; turn < 3; turn += 1) {
      setbacks.note(id, "x", new TenancyError("DATABASE_UNAVAILABLE", "No."));
      expect(setbacks.of(at("x"))).toBeDefined();
      time += 1_000;
      expect(setbacks.of(at("x"))).toBeUndefined();
    }
  });

  it("forgets", () => {
    const setbacks = create();
    setbacks.note(id, "x", failure);
    setbacks.clear(id);
    expect(setbacks.of(at("x"))).toBeUndefined();
  });
});
