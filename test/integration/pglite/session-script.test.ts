import { afterAll, beforeAll } from "vitest";
import { SILENT_LOGGER } from "../../../src/core/logger.ts";
import { scopeOf } from "../../../src/core/scope.ts";
import { pglite } from "../../../src/drivers/pglite/index.ts";
import { describeSessionScript } from "../../support/describe-session-script.ts";
import { fakeTenant } from "../../support/pg-world.ts";

const [a, b] = [scopeOf(fakeTenant("a")), scopeOf(fakeTenant("b"))];
const driver = pglite();
const missing: string[] = [];

beforeAll(async () => {
  driver.attach({
    currentScope: () => undefined,
    globalSchema: "public",
    logger: SILENT_LOGGER,
    onSchemaMissing: (schemaName) => missing.push(schemaName),
    sharedSchemas: [],
  });
  for (const { tenant } of [a, b]) {
    const note = `create table note (id serial primary key, owner text); insert into note (owner) values ('${tenant.schemaName}')`;
    const first = `create schema ${tenant.schemaName}`;
    await driver.session({}, (session) =>
      session.transaction(scopeOf(tenant), (tx) => tx.script(note), { first }),
    );
  }
});
afterAll(() => driver.close());

describeSessionScript("pglite", () => ({
  a,
  b,
  driver,
  gone: scopeOf(fakeTenant("gone")),
  missing,
}));
