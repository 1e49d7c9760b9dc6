import type * as PgBoss from "pg-boss";
import { expect, it } from "vitest";
import { peersOf } from "../../support/peers.ts";

it("loads each set's own version of a package", async () => {
  const [newest, oldest] = await Promise.all(
    (["newest", "oldest"] as const).map((set) => peersOf(set).load<typeof PgBoss>("pg-boss")),
  );
  expect(newest).not.toBe(oldest);
  // Not in 12.0.
  expect("flow" in newest!.PgBoss.prototype).toBe(true);
  expect("flow" in oldest!.PgBoss.prototype).toBe(false);
});
