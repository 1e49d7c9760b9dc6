import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SeedContext, SeedSource } from "../../../src/core/seed.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { SeedError } from "../../../src/migrate/seed-error.ts";
import { describeEngines, inWords } from "../../support/engines.ts";
import {
  code,
  CREATE_NOTE,
  createWorld,
  WHERE,
  type World,
  type WorldConfig,
} from "../lifecycle/world.ts";

describeEngines("seeds", (engine) => {
  let world: World;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kirayedar-seed-"));
    world = await createWorld({}, engine);
    await world.tenancy.create("old");
  });
  afterAll(async () => {
    await world.close();
    await rm(folder, { force: true, recursive: true });
  });

  const put = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return name;
  };
  const seeded = (seed: SeedSource, more: WorldConfig = {}): Tenancy =>
    world.another({ rootDir: folder, seed, ...more });
  const bodies = async (slug: string, tenancy = world.tenancy): Promise<unknown[]> => {
    const of = await tenancy.tenant(slug, { allow: ["active", "suspended", "provisioning"] });
    const { rows } = await of.query("select body from note order by id");
    return rows.map(({ body }) => body);
  };
  const insert = (body: string): string => `insert into note (body) values ('${body}')`;
  /** Adds a row unless it is there, as a seed should. */
  const once = (body: string): string =>
    `insert into note (body) select '${body}' from (select 1 as one) as x where not exists (select 1 from note where body = '${body}')`;
  const gone = async (slug: string): Promise<void> => {
    const { rows, schemas } = await world.contents();
    expect(rows.map((row) => row["slug"])).not.toContain(slug);
    expect(schemas).not.toContain(`tenant_${slug.replaceAll("-", "_")}`);
  };

  describe("a new tenant", () => {
    it("gets the SQL file, behind the migrations and before the hooks", async () => {
      const seen: unknown[] = [];
      const tenancy: Tenancy = seeded(
        await put("seed.sql", `-- rows\n${insert("a")};\n${insert("b")};`),
        {
          hooks: {
            afterCreate: async ({ slug, state, version }) => {
              seen.push([state, version, await bodies(slug, tenancy)]);
            },
          },
        },
      );
      await tenancy.create("file");
      expect(seen).toEqual([["provisioning", CREATE_NOTE.version, ["first", "a", "b"]]]);
    });

    it("is given to a function, with its scope around it", async () => {
      const seen: Record<string, unknown> = {};
      const tenancy: Tenancy = seeded(async (db) => {
        seen["tenant"] = [db.tenant.slug, db.tenant.state, db.tenant.version];
        seen["schema"] = db.schemaName;
        seen["ambient"] = tenancy.currentTenant()?.slug;
        seen["here"] = (await tenancy.query(WHERE[engine.family])).rows;
        await db.query(
          inWords(engine, {
            mysql: "insert into note (body) values (?)",
            postgres: "insert into note (body) values ($1)",
          }),
          ["x"],
        );
        await db.script(`${insert("y")};${insert("z")}`);
      });
      // ISOLATION: in the scope of whoever creates it, that would be another tenant's.
      await tenancy.withTenant("old", () => tenancy.create("function"));
      expect(seen).toEqual({
        ambient: "function",
        here: [{ here: world.schema("function") }],
        schema: world.schema("function"),
        tenant: ["function", "provisioning", CREATE_NOTE.version],
      });
      expect(await bodies("function")).toEqual(["first", "x", "y", "z"]);
      expect(await bodies("old")).toEqual(["first"]);
    });

    it.each([
      ["named.mjs", `export const seed = (db) => db.query("${insert("m")}");`],
      ["default.mjs", `export default (db) => db.query("${insert("m")}");`],
      ["both.js", `export const seed = (db) => db.query("${insert("m")}"); export default 1;`],
    ])("gets what a module does: %s", async (name, text) => {
      const slug = name.split(".")[0] ?? "";
      await seeded(await put(name, text)).create(slug);
      expect(await bodies(slug)).toEqual(["first", "m"]);
    });

    it("gets nothing when nothing is wanted, or there are no tables", async () => {
      const tenancy = seeded(await put("seed.sql", insert("a")));
      await tenancy.create("unseeded", { seed: false });
      expect(await bodies("unseeded")).toEqual(["first"]);
      await expect(tenancy.create("bare", { migrate: false })).resolves.toMatchObject({
        state: "active",
      });
    });

    it("is kept as it is, when it is there", async () => {
      const tenancy = seeded(await put("seed.sql", insert("again")));
      await tenancy.create("old", { ifExists: "keep" });
      expect(await bodies("old")).toEqual(["first"]);
    });

    it("has an empty seed without harm", async () => {
      await seeded(await put("empty.sql", "\ufeff-- nothing yet\n;\n")).create("empty");
      expect(await bodies("empty")).toEqual(["first"]);
    });
  });

  describe("a seed that fails", () => {
    it("undoes the creation, and names file, line and statement", async () => {
      const file = join(
        folder,
        await put("bad.sql", `${insert("a")};\n\n  insert into nowhere values (1);\n`),
      );
      const calls: string[] = [];
      const tenancy = seeded("bad.sql", { hooks: { afterCreate: () => void calls.push("hook") } });
      const error = await tenancy.create("half").catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SeedError);
      expect(error).toMatchObject(
        code("SEED_FAILED", {
          cause: expect.any(Error) as Error,
          file,
          line: 3,
          schemaName: world.schema("half"),
          statement: "insert into nowhere values (1)",
          statementNumber: 2,
          tenant: "half",
        }),
      );
      expect((error as Error).message).toContain(`${file}:3 failed for tenant "half": `);
      expect(calls).toEqual([]);
      await gone("half");
      const line = world.log.findLast(({ message }) => message === "tenant creation failed");
      expect(line?.fields).toMatchObject({ code: "SEED_FAILED", file, line: 3 });
      expect(JSON.stringify(line?.fields)).not.toContain("nowhere");
      await put("bad.sql", insert("mended"));
      await tenancy.create("half");
      expect(await bodies("half")).toEqual(["first", "mended"]);
    });

    it.each<[string, SeedSource]>([
      ["throws", () => Promise.reject(new Error("no"))],
      [
        "has a statement that fails",
        (db) => db.script(`${insert("a")}; insert into nowhere values (1)`),
      ],
    ])("undoes the creation when its function %s", async (_what, seed) => {
      await expect(seeded(seed).create("thrown")).rejects.toMatchObject(
        code("SEED_FAILED", { file: "seed", line: undefined }),
      );
      await gone("thrown");
    });

    it.each([
      [
        "leaves the schema",
        inWords(engine, { mysql: "use mysql", postgres: "set search_path to public" }),
      ],
      ["ends the transaction", "commit"],
      ["may end it", inWords(engine, { mysql: "truncate table note", postgres: "rollback" })],
    ])("is refused when it %s", async (_what, statement) => {
      const name = await put("refused.sql", `${insert("a")};\n${statement};\n`);
      await expect(seeded(name).create("refused")).rejects.toMatchObject(code("SEED_INVALID"));
      await expect(seeded(name).create("refused")).rejects.toThrow("refused.sql:2 ");
      await expect(seeded((db) => db.script(statement)).create("refused")).rejects.toMatchObject(
        code("SEED_INVALID"),
      );
      await gone("refused");
    });

    it("is refused when it cannot be read, loaded or called", async () => {
      const missing = await put("nothing.mjs", "export const rows = [];");
      const broken = await put("broken.mjs", "this is not JavaScript");
      for (const name of ["none.sql", "none.mjs", "notes.txt", missing, broken]) {
        await expect(seeded(name).create("unread")).rejects.toMatchObject(code("SEED_INVALID"));
      }
      await gone("unread");
    });

    it("cannot use its `db` any more when it has ended", async () => {
      let kept: SeedContext | undefined;
      await seeded((db) => void (kept = db)).create("kept");
      await expect(kept?.query("select 1")).rejects.toMatchObject(code("LEASE_ENDED"));
    });
  });

  describe("seed", () => {
    it("fills a tenant that is there, again and again", async () => {
      await world.tenancy.create("again");
      const tenancy = seeded(await put("again.sql", `${once("a")};\n${once("b")};`));
      for (let time = 0; time < 2; time += 1) {
        expect(await tenancy.seed("again")).toEqual({
          durationMs: expect.any(Number) as number,
          file: join(folder, "again.sql"),
          schemaName: world.schema("again"),
          tenant: "again",
        });
      }
      expect(await bodies("again")).toEqual(["first", "a", "b"]);
    });

    it("runs another file, also where none is configured", async () => {
      await world.tenancy.create("other");
      const file = await put("other.sql", insert("other"));
      await seeded("none.sql").seed("other", { file });
      expect(await bodies("other")).toEqual(["first", "other"]);
      const absolute = join(folder, file);
      await world.tenancy.seed("other", { file: absolute });
      expect(await bodies("other")).toEqual(["first", "other", "other"]);
      await expect(world.tenancy.seed("other")).rejects.toMatchObject(code("INVALID_CONFIG"));
    });

    it("leaves nothing behind when it fails", async () => {
      await world.tenancy.create("intact");
      const file = await put("fails.sql", `${insert("a")};\ninsert into nowhere values (1);`);
      await expect(seeded(file).seed("intact")).rejects.toMatchObject(
        code("SEED_FAILED", { line: 2, tenant: "intact" }),
      );
      expect(await bodies("intact")).toEqual(["first"]);
    });

    it("seeds whom nobody serves, but nobody who is unfinished or unknown", async () => {
      const tenancy = seeded(await put("seed.sql", insert("s")));
      await world.tenancy.create("away");
      await world.tenancy.suspend("away");
      await tenancy.seed("away");
      expect(await bodies("away")).toEqual(["first", "s"]);
      await world.run("update tenants set state = 'failed' where slug = 'away'");
      await expect(tenancy.seed("away")).rejects.toMatchObject(code("INVALID_STATE"));
      await expect(tenancy.seed("nobody")).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
      await expect(tenancy.seed("No One")).rejects.toMatchObject(code("INVALID_TENANT_ID"));
      await expect(tenancy.seed("away", { file: "" })).rejects.toMatchObject(code("INVALID_QUERY"));
    });

    it("is one operation at a time, like every other on the tenant", async () => {
      await world.tenancy.create("locked");
      const impatient = seeded(await put("seed.sql", insert("s")), { lockTimeoutMs: 0 });
      const busy = seeded(async () => {
        await expect(impatient.seed("locked")).rejects.toMatchObject(code("TENANT_BUSY"));
      });
      await busy.seed("locked");
      await impatient.seed("locked");
      expect(await bodies("locked")).toEqual(["first", "s"]);
    });
  });

  it("refuses options that make no sense", async () => {
    expect(() => world.another({ seed: "" })).toThrow("INVALID_CONFIG");
    expect(() => world.another({ seed: 1 as never })).toThrow("`seed`");
    await expect(world.tenancy.create("odd", { seed: true })).rejects.toMatchObject(
      code("INVALID_QUERY"),
    );
    await expect(world.tenancy.create("odd", { seed: "no" as never })).rejects.toMatchObject(
      code("INVALID_QUERY"),
    );
  });
});
