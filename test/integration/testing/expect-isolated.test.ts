import { setTimeout as sleep } from "node:timers/promises";
import { Readable } from "node:stream";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TenancyConfig } from "../../../src/core/config.ts";
import type { QueryResult } from "../../../src/core/driver.ts";
import {
  createTestTenancy,
  expectIsolated,
  IsolationError,
  type IsolationSubject,
  rolledBack,
  testTenant,
  type TestTenancy,
} from "../../../src/testing/index.ts";
import { describeEngines, type EngineDatabase, MYSQL2, POSTGRES } from "../../support/engines.ts";

describeEngines(
  "an application is proven to be isolated",
  (engine) => {
    let database: EngineDatabase;
    let tenancy: TestTenancy;

    beforeAll(async () => {
      database = await engine.open();
      const config: TenancyConfig = {
        database: database.driver(),
        migrations: {
          global: [{ name: "log", up: "create table log (text varchar(80))", version: "0001" }],
          tenant: [{ name: "notes", up: "create table notes (text varchar(80))", version: "0001" }],
        },
      };
      tenancy = await createTestTenancy(config);
    });
    afterAll(async () => {
      await tenancy?.close();
      await database?.drop();
    });

    const write = (marker: string): Promise<QueryResult> =>
      tenancy.query(`insert into notes values ('${marker}')`);
    const list = async (): Promise<unknown[]> =>
      (await tenancy.query<{ text: string }>("select text from notes")).rows;
    const crossingsOf = async (proof: Promise<void>): Promise<string[]> => {
      const error = await proof.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(IsolationError);
      return (error as IsolationError).crossings.map(({ kind }) => kind).toSorted();
    };

    test("one that keeps to its scope passes", async () => {
      await expectIsolated(tenancy, async ({ marker }) => {
        await write(marker);
        return await list();
      });
      await expectIsolated(
        tenancy,
        async ({ marker, tenant }) => tenancy.withTenant(tenant, () => write(marker)),
        { scope: "none" },
      );
      await expectIsolated(
        tenancy,
        async ({ marker }) => {
          await write(marker);
          await tenancy.scopeGlobal(() => tenancy.query(`insert into log values ('${marker}')`));
        },
        { globalTables: ["log"] },
      );
      const { rows } = await tenancy.scopeGlobal(() => tenancy.query("select * from log"));
      expect(rows.length).toBeGreaterThan(3);
    });

    test("what crosses in a response or a stream is found, and each of two proofs at once is told", async () => {
      const proof = (wrap: (text: string) => unknown): Promise<string[]> => {
        let remembered = "";
        return crossingsOf(
          expectIsolated(tenancy, async ({ marker }) => {
            await write(marker);
            return wrap((remembered ||= marker.toUpperCase()));
          }),
        );
      };
      const bytes = (text: string): Buffer[] => [
        Buffer.from(text.slice(0, 7)),
        Buffer.from(text.slice(7)),
      ];
      const found = await Promise.all([
        proof((text) => new Response(text)),
        proof((text) => Readable.from(bytes(text))),
        proof((text) => [{ body: new Map([["a", Buffer.from(text)]]), size: 1n }]),
      ]);
      expect(found).toEqual(
        [["foreign-result"], ["foreign-result"], ["foreign-result"]].map((one) => [one[0], one[0]]),
      );
    });

    test("what is remembered for all tenants is found", async () => {
      let remembered: unknown[] | undefined;
      const proof = expectIsolated(tenancy, async ({ marker }) => {
        await write(marker);
        return (remembered ??= await list());
      });
      expect(await crossingsOf(proof)).toContain("foreign-result");
    });

    test("rows in another tenant's tables, and in global ones, are found", async () => {
      const [first, ...rest] = [
        await testTenant(tenancy),
        await testTenant(tenancy),
        await testTenant(tenancy),
      ].map(({ tenant }) => tenant);
      const proof = expectIsolated(
        tenancy,
        async ({ marker }) => {
          await tenancy.withTenant(rest[1]!, () => write(marker));
          await tenancy.scopeGlobal(() => tenancy.query(`insert into log values ('${marker}')`));
        },
        { tenants: [first!, ...rest] },
      );
      expect(await crossingsOf(proof)).toEqual(
        expect.arrayContaining(["foreign-row", "foreign-scope", "global-table", "touched"]),
      );
    });

    test("queries in no scope are found, though nobody hears of their error", async () => {
      const proof = expectIsolated(
        tenancy,
        async ({ marker, tenant }) => {
          const pool = tenancy.pool as { query(text: string): unknown };
          await new Promise((resolve) => {
            const answer = pool.query("select 1");
            if (answer instanceof Promise) void answer.then(resolve, resolve);
            else (answer as NodeJS.EventEmitter).on("error", resolve);
          });
          await tenancy.withTenant(tenant, () => write(marker));
        },
        { scope: "none" },
      );
      expect(new Set(await crossingsOf(proof))).toEqual(new Set(["missing-scope"]));
    });

    test("a function that leaves no mark of everybody proves nothing", async () => {
      const nothing = { code: "INVALID_QUERY" };
      await expect(expectIsolated(tenancy, list)).rejects.toMatchObject(nothing);
      const echo = ({ marker }: { marker: string }): string => `"${marker}" is not a note`;
      await expect(expectIsolated(tenancy, echo)).rejects.toMatchObject(nothing);
      await expectIsolated(tenancy, echo, { expects: "results" });
      let known: string | undefined;
      const forOne = async ({ marker, tenant }: IsolationSubject): Promise<void> => {
        known ??= tenant.id;
        if (known === tenant.id) await write(marker);
      };
      await expect(expectIsolated(tenancy, forOne)).rejects.toMatchObject(nothing);
    });

    describe.runIf(engine.name === "pg")("with one connection of its own", () => {
      test("a naive pool is found out", async () => {
        const url = new URL(database.url);
        url.pathname = `/${tenancy.databaseName}`;
        const naive = new pg.Pool({ connectionString: url.href, max: 1 });
        // The classic: the connection keeps the schema of whoever set it last.
        const proof = expectIsolated(tenancy, async ({ marker, tenant }) => {
          await naive.query(`set search_path to "${tenant.schemaName}"`);
          await sleep(5);
          await naive.query("insert into notes values ($1)", [marker]);
          return (await naive.query("select * from notes")).rows;
        });
        const kinds = await crossingsOf(proof);
        await naive.end();
        expect(kinds).toEqual(expect.arrayContaining(["foreign-result", "foreign-row"]));
      });

      test("in a test that is rolled back", async () => {
        const made = [
          await testTenant(tenancy),
          await testTenant(tenancy),
          await testTenant(tenancy),
        ];
        const tenants = made.map(({ tenant }) => tenant);
        await rolledBack(tenancy, () =>
          expectIsolated(
            tenancy,
            async ({ marker }) => {
              await tenancy.transaction(() => write(marker));
              return await list();
            },
            { tenants },
          ),
        );
        expect(await made[0]!.run(list)).toEqual([]);
      });
    });
  },
  [POSTGRES, MYSQL2],
);
