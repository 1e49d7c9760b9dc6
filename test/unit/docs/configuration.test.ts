import { describe, expect, it } from "vitest";
import type { TenancyConfig } from "../../../src/core/config.ts";
import { pg } from "../../../src/drivers/pg/index.ts";
import { host } from "../../../src/resolvers/host.ts";
import { resolveSettings } from "../../../src/tenancy/settings.ts";
import { readDocument } from "./markdown.ts";

describe("the reference of the configuration", () => {
  it("shows every option at its default", () => {
    const { blocks } = readDocument("docs/reference/configuration.md");
    const [, literal = ""] =
      /const config: Complete = (\{.*\n\});/s.exec(blocks[0]?.text ?? "") ?? [];
    const database = pg();
    // oxlint-disable-next-line no-implied-eval -- the page's own code, which another test compiles
    const make = new Function("database", "host", `return ${literal};`) as (
      ...given: readonly unknown[]
    ) => TenancyConfig;
    const {
      logger: _logger,
      primaryDomain: _domain,
      seed: _seed,
      ...documented
    } = make(database, host);
    const defaults = resolveSettings({ database });
    // A folder that is named must exist, also if it is the default one.
    const migrations = { ...defaults.migrations, optional: { global: false, tenant: false } };
    expect(resolveSettings(documented)).toEqual({ ...defaults, migrations });
  });
});
