import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Driver } from "../../../src/core/driver.ts";
import type { Migration } from "../../../src/core/migrator.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import type { Tenant } from "../../../src/core/tenant.ts";
import { describeEngines } from "../../support/engines.ts";
import { code, CREATE_NOTE, createWorld, FAILING, type World } from "../lifecycle/world.ts";

/** Adds a row each time it runs. */
const ADD: Migration = {
  down: "delete from note where body = 'added'",
  name: "add",
  up: "insert into note (body) values ('added')",
  version: "20260101000002",
};

describeEngines("tenants migrated on request", (engine) => {
  let world: World;
  let count = 0;
  /** A tenant at the first migration, of this test alone. */
  let slug: string;
  const opened: Tenancy[] = [];

  beforeAll(async () => {
    world = await createWorld({}, engine);
  });
  afterAll(() => world.close());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((tenancy) => tenancy.close()));
  });
  beforeEach(async () => {
    slug = await behind();
  });

  const behind = async (): Promise<string> => {
    count += 1;
    return (await world.tenancy.create(`t${count}`)).slug;
  };
  const severalBehind = async (length: number): Promise<string[]> => {
    const slugs: string[] = [];
    while (slugs.length < length) slugs.push(await behind());
    return slugs;
  };
  /** A process of the new version. */
  const open = (
    tenant: readonly Migration[] = [CREATE_NOTE, ADD],
    more: Parameters<World["another"]>[0] = {},
  ): Tenancy => {
    const migrations = { global: [], migrate: "on-request", tenant } as const;
    const tenancy = world.another({ migrations, ...more });
    opened.push(tenancy);
    return tenancy;
  };
  /** One that migrates by hand. */
  const manual = (tenant: readonly Migration[] = [CREATE_NOTE, ADD]): Tenancy => {
    const tenancy = world.another({ migrations: { global: [], tenant } });
    opened.push(tenancy);
    return tenancy;
  };
  const bodies = async (tenancy: Tenancy): Promise<unknown[]> => {
    const { rows } = await tenancy.query("select body from note order by id");
    return rows.map(({ body }) => body);
  };
  const ask = (tenancy: Tenancy, of = slug): Promise<unknown[]> =>
    tenancy.withTenant(of, () => bodies(tenancy));
  const linesOf = (message: string, of = slug): number =>
    world.log.filter((line) => line.message === message && line.fields["tenant"] === of).length;
  const up = (fn: Migration["up"], more: Partial<Migration> = {}): Migration => ({
    ...ADD,
    up: fn,
    ...more,
  });
  const gate = (): { readonly isOpen: Promise<void>; readonly open: () => void } => {
    let open = (): void => undefined;
    const isOpen = new Promise<void>((resolve) => {
      open = resolve;
    });
    return { isOpen, open: () => open() };
  };

  describe("a tenant that is behind", () => {
    it("is migrated once for fifty first requests, and all are answered after it", async () => {
      const tenancy = open();
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask(tenancy)));
      for (const answer of answers) expect(answer).toEqual(["first", "added"]);
      expect(linesOf("tenant migrated")).toBe(1);
    });

    it.each<[string, (tenancy: Tenancy) => Promise<unknown>]>([
      ["withTenant", (tenancy) => ask(tenancy)],
      [
        "withTenant by id",
        async (tenancy) => {
          const { id } = await world.tenancy.get(slug);
          return await tenancy.withTenant({ id }, () => bodies(tenancy));
        },
      ],
      [
        "putTenant",
        (tenancy) =>
          tenancy.scope(async () => {
            await tenancy.putTenant(slug);
            return await bodies(tenancy);
          }),
      ],
      [
        "a handle",
        async (tenancy) => {
          const { rows } = await (
            await tenancy.tenant(slug)
          ).query("select body from note order by id");
          return rows.map(({ body }) => body);
        },
      ],
      [
        "a request",
        async (tenancy) => {
          const resolution = await tenancy.resolve({ host: `${slug}.example.com` });
          return await tenancy.enter(resolution, () => bodies(tenancy));
        },
      ],
    ])("is migrated for %s", async (_, enter) => {
      expect(await enter(open(undefined, { primaryDomain: "example.com" }))).toEqual([
        "first",
        "added",
      ]);
    });

    it("is migrated once by two processes, and both wait for it", async () => {
      const answers = await Promise.all(
        [open(), open()].flatMap((tenancy) => Array.from({ length: 10 }, () => ask(tenancy))),
      );
      for (const answer of answers) expect(answer).toEqual(["first", "added"]);
    });

    it("is one of twenty at once, of which two are migrated at a time, each request in its own", async () => {
      const slugs = await severalBehind(20);
      for (const each of slugs) {
        await world.tenancy.withTenant(each, () =>
          world.tenancy.query(`update note set body = '${each}'`),
        );
      }
      let [now, most] = [0, 0];
      let partner: (() => void) | undefined;
      const tenancy = open([
        CREATE_NOTE,
        up(async (db) => {
          now += 1;
          most = Math.max(most, now);
          // Two by two: each waits until somebody else is there.
          const other = partner;
          if (other === undefined) await new Promise<void>((resolve) => (partner = resolve));
          else {
            partner = undefined;
            other();
          }
          for (let turn = 0; turn < 5; turn += 1) await db.query("select 1");
          await db.script("insert into note (body) values ('added')");
          now -= 1;
        }),
      ]);
      const jobs = [...slugs, ...slugs, ...slugs].map(async (each) => {
        expect(await ask(tenancy, each)).toEqual([each, "added"]);
      });
      await Promise.all(jobs);
      expect(most).toBe(2);
    });

    it("has the new columns also for a statement that was prepared before", async () => {
      const column = {
        down: "alter table note drop column extra",
        up: "alter table note add column extra varchar(10) default 'x'",
      };
      const tenancy = open([CREATE_NOTE, up(column.up, column)], { driver: { max: 1 } });
      const read = (): Promise<unknown> =>
        tenancy.withTenant(slug, async () => {
          const { rows } = await tenancy.query("select * from note");
          return rows.map(({ body, extra }) => [body, extra]);
        });
      for (let round = 0; round < 3; round += 1) {
        for (let turn = 0; turn < 4; turn += 1) {
          expect(await read()).toEqual([["first", "x"]]);
        }
        await tenancy.rollback(slug);
      }
    });

    it("gets what expands alone, and costs nothing more", async () => {
      const contract = up("drop table note", {
        name: "drop_note",
        phase: "contract",
        version: "20260101000003",
      });
      const { sessions, wrap } = counting();
      const tenancy = open([CREATE_NOTE, ADD, contract], { wrap });
      expect(await ask(tenancy)).toEqual(["first", "added"]);
      const before = sessions();
      const other = await behind();
      await manual().migrate(other);
      expect(await ask(tenancy, other)).toEqual(["first", "added"]);
      expect(await ask(tenancy)).toEqual(["first", "added"]);
      expect(sessions()).toBe(before);
    });

    it("is entered as it is in another state than active, by who may", async () => {
      await world.tenancy.suspend(slug);
      const tenancy = open();
      await expect(ask(tenancy)).rejects.toMatchObject(code("TENANT_NOT_ACTIVE"));
      const seen = await tenancy.withTenant(slug, () => bodies(tenancy), { allow: ["suspended"] });
      expect(seen).toEqual(["first"]);
    });

    it("is entered as it is without the option", async () => {
      expect(await ask(manual())).toEqual(["first"]);
    });

    it("is well, as its first request migrates it", async () => {
      const pending = [ADD.version];
      expect(await open().healthCheck(slug)).toMatchObject({ healthy: true, pending });
      expect(await manual().healthCheck(slug)).toMatchObject({ healthy: false, pending });
    });
  });

  describe("a tenant that is up to date", () => {
    it("is entered and resolved without a promise", async () => {
      const tenancy = open(undefined, { primaryDomain: "example.com" });
      const request = { host: `${slug}.example.com` };
      await ask(tenancy);
      // What is in memory is forgotten once more when the tenancy begins to listen.
      await expect
        .poll(async () => {
          await tenancy.resolve(request);
          return tenancy.resolve(request);
        })
        .toMatchObject({ kind: "tenant", tenant: { slug } });
      expect(tenancy.resolve(request)).not.toBeInstanceOf(Promise);
      let isEntered = false;
      const entered = tenancy.withTenant(slug, () => {
        isEntered = true;
      });
      expect(isEntered).toBe(true);
      await entered;
    });
  });

  describe("a tenant that is ahead", () => {
    it("is entered as it is, and found out once for all that are alike", async () => {
      const [first = "", second = "", third = ""] = await severalBehind(3);
      const newer = manual();
      for (const each of [first, second, third]) await newer.migrate(each);
      const { sessions, wrap } = counting();
      const older = open([CREATE_NOTE], { wrap });
      expect(await ask(older, first)).toEqual(["first", "added"]);
      const before = sessions();
      expect(before).toBeGreaterThan(0);
      for (const each of [first, second, third, second]) {
        expect(await ask(older, each)).toEqual(["first", "added"]);
      }
      expect(sessions()).toBe(before);
    });

    it("is not waited for while the newer process is halfway", async () => {
      const { isOpen, open: release } = gate();
      const { isOpen: begun, open: begin } = gate();
      const slow = up(
        async (db) => {
          await db.script("insert into note (body) values ('half')");
          begin();
          await isOpen;
        },
        { transaction: false },
      );
      await world.run(`update tenants set migrations_digest = 'partial' where slug = '${slug}'`);
      const running = manual([CREATE_NOTE, slow]).migrate(slug);
      await begun;
      const older = open([CREATE_NOTE], { lockTimeoutMs: 60_000 });
      expect(await ask(older)).toEqual(["first", "half"]);
      expect(await ask(older)).toEqual(["first", "half"]);
      release();
      await running;
    });
  });

  describe("a migration that fails", () => {
    const bad = (): Migration => up(FAILING[engine.family]);

    it("is the requests' error, tried once, until somebody has done something about it", async () => {
      const tenancy = open([CREATE_NOTE, bad()]);
      const asked = await Promise.allSettled(Array.from({ length: 10 }, () => ask(tenancy)));
      for (const result of asked) {
        expect(result).toMatchObject({
          reason: code("MIGRATION_FAILED", { tenant: slug }),
          status: "rejected",
        });
      }
      await expect(ask(tenancy)).rejects.toMatchObject(code("MIGRATION_FAILED"));
      await expect(
        tenancy.withTenant({ id: (await tenancy.get(slug)).id }, () => undefined),
      ).rejects.toMatchObject(code("MIGRATION_FAILED"));
      expect(linesOf("tenant migration failed")).toBe(1);
      await tenancy.migrate(slug, { to: CREATE_NOTE.version });
      if (engine.family === "mysql") {
        await manual([CREATE_NOTE, { ...bad(), down: "select 1" }]).rollback(slug);
      }
      await manual([CREATE_NOTE, { ...ADD, version: "20260101000004" }]).migrate(slug);
      const mended = open([CREATE_NOTE, { ...ADD, version: "20260101000004" }]);
      expect(await ask(mended)).toEqual(["first", "added"]);
    });

    it("leaves other tenants alone", async () => {
      const picky = up(async (db) => {
        if (db.tenant?.slug === slug) throw new Error("no");
        await db.script(ADD.up as string);
      });
      const other = await behind();
      const tenancy = open([CREATE_NOTE, picky]);
      const [failed, done] = await Promise.allSettled([ask(tenancy), ask(tenancy, other)]);
      expect(failed).toMatchObject({ reason: code("MIGRATION_FAILED", { tenant: slug }) });
      expect(done).toEqual({ status: "fulfilled", value: ["first", "added"] });
    });

    it("is over for the requests as soon as another process has migrated the tenant", async () => {
      let isBroken = true;
      const moody = up(async (db) => {
        if (isBroken) throw new Error("no");
        await db.script(ADD.up as string);
      });
      const tenancy = open([CREATE_NOTE, moody]);
      await expect(ask(tenancy)).rejects.toMatchObject(code("MIGRATION_FAILED"));
      isBroken = false;
      await expect(ask(tenancy)).rejects.toMatchObject(code("MIGRATION_FAILED"));
      await manual([CREATE_NOTE, moody]).migrate(slug);
      await expect.poll(() => ask(tenancy).catch(() => undefined)).toEqual(["first", "added"]);
    });

    it("that stopped halfway is not gone on with", async () => {
      const halfway = up(`insert into note (body) values ('half');\n${FAILING[engine.family]};`, {
        transaction: false,
      });
      await expect(manual([CREATE_NOTE, halfway]).migrate(slug)).rejects.toMatchObject(
        code("MIGRATION_FAILED"),
      );
      const lines = await world.tenancy.migrationStatus(slug);
      expect(lines.at(-1)?.state).toBe("partial");
      for (const tenancy of [open([CREATE_NOTE, halfway]), open([CREATE_NOTE, halfway])]) {
        for (let turn = 0; turn < 2; turn += 1) {
          await expect(ask(tenancy)).rejects.toMatchObject(
            code("MIGRATION_INTERRUPTED", { tenant: slug, version: halfway.version }),
          );
        }
      }
      expect(await world.tenancy.migrationStatus(slug)).toEqual(lines);
      expect(await ask(world.tenancy)).toEqual(["first", "half"]);
    });
  });

  describe("a file that has changed", () => {
    const edited = { ...CREATE_NOTE, up: `${CREATE_NOTE.up as string} ` };

    it("is warned of where nothing is pending, and refused where something is", async () => {
      const tenancy = open([edited]);
      const warnings = async (): Promise<number> => {
        const before = linesOf("migration changed after it was applied");
        expect(await ask(tenancy)).toEqual(["first"]);
        return linesOf("migration changed after it was applied") - before;
      };
      expect(await warnings()).toBe(1);
      // What is in memory is forgotten once more when the tenancy begins to listen.
      await expect.poll(warnings).toBe(0);
      await expect(ask(open([edited, ADD]))).rejects.toMatchObject(code("MIGRATION_CHANGED"));
    });
  });

  describe("what enters the tenant from inside of an operation", () => {
    it("is a migration's function that does not wait for itself", async () => {
      const seen: unknown[] = [];
      const look = up(async () => {
        await tenancy.withTenant(slug, () => seen.push(tenancy.currentTenant()?.slug));
      });
      const tenancy: Tenancy = open([CREATE_NOTE, look], { lockTimeoutMs: 60_000 });
      await tenancy.withTenant(slug, () => undefined);
      await tenancy.rollback(slug).catch(() => undefined);
      const other = await behind();
      slug = other;
      await tenancy.migrate(other);
      expect(seen).toEqual([expect.any(String), other]);
    });

    it("is a hook, a seed or a script, and finds other tenants as they are", async () => {
      const seen: unknown[] = [];
      const look = async (): Promise<void> => void seen.push(await ask(tenancy));
      const tenancy: Tenancy = open(undefined, {
        hooks: { afterCreate: look },
        seed: look,
      });
      await tenancy.create(`made-${slug}`);
      await tenancy.forEachTenant(look, { where: { only: [slug] } });
      expect(seen).toEqual([["first"], ["first"], ["first"]]);
      expect(await ask(tenancy)).toEqual(["first", "added"]);
    });

    it("is outside again when the operation has ended", async () => {
      const { isOpen, open: release } = gate();
      let late: Promise<unknown> | undefined;
      const tenancy: Tenancy = open(undefined, {
        hooks: {
          afterCreate: () => {
            late = isOpen.then(() => ask(tenancy));
          },
        },
      });
      await tenancy.create(`made-${slug}`);
      release();
      expect(await late).toEqual(["first", "added"]);
    });

    // ISOLATION: the first who asks may be in another tenant's scope.
    it("is a function in no scope of whoever asked first", async () => {
      const other = await behind();
      const scopes: unknown[] = [];
      const tenancy: Tenancy = open([
        CREATE_NOTE,
        up(async (db) => {
          scopes.push([db.tenant?.slug, tenancy.currentScope()]);
          await expect(tenancy.query("select 1")).rejects.toMatchObject(code("TENANT_REQUIRED"));
        }),
      ]);
      const seen: unknown[] = [];
      await tenancy.withTenant(other, async () => {
        await tenancy.withTenant(slug, () => seen.push(tenancy.currentTenant()?.slug));
        seen.push(tenancy.currentTenant()?.slug);
      });
      expect(seen).toEqual([slug, other]);
      expect(scopes).toEqual([
        [other, undefined],
        [slug, undefined],
      ]);
    });
  });

  describe("the wait", () => {
    it("has an end, and the migration goes on", async () => {
      const { isOpen, open: release } = gate();
      const slow = up(async (db) => {
        await isOpen;
        await db.script(ADD.up as string);
      });
      const tenancy = open([CREATE_NOTE, slow], { lockTimeoutMs: 150 });
      for (let turn = 0; turn < 2; turn += 1) {
        await expect(ask(tenancy)).rejects.toMatchObject(code("TENANT_BUSY", { tenant: slug }));
      }
      release();
      await expect.poll(() => ask(tenancy).catch(() => undefined)).toEqual(["first", "added"]);
      expect(linesOf("tenant migration failed")).toBe(0);
    });

    it("is waited out by `close`, which ends those that have not begun", async () => {
      const { isOpen, open: release } = gate();
      const [second = "", third = ""] = await severalBehind(2);
      let begun = 0;
      const slow = up(async (db) => {
        begun += 1;
        await isOpen;
        await db.script(ADD.up as string);
      });
      const tenancy = open([CREATE_NOTE, slow]);
      const asked = [slug, second, third].map((each) => ask(tenancy, each));
      for (const each of asked) each.catch(() => undefined);
      await expect.poll(() => begun).toBe(2);
      const closed = tenancy.close();
      release();
      await closed;
      for (const each of asked) {
        await expect(each).rejects.toMatchObject(code("TENANCY_CLOSED"));
      }
      expect(await ask(world.tenancy, third)).toEqual(["first"]);
      expect(await ask(world.tenancy)).toEqual(["first", "added"]);
    });

    describe("of tenants that are changed meanwhile", () => {
      let tenancy: Tenancy;
      let release: () => void;
      let holding: Promise<unknown>;

      beforeEach(async () => {
        const { isOpen, open: openGate } = gate();
        release = openGate;
        let begun = 0;
        const slow = up(async () => {
          begun += 1;
          await isOpen;
        });
        tenancy = open([CREATE_NOTE, slow], { primaryDomain: "example.com" });
        // They hold both turns, so that nothing is done for the others yet.
        holding = Promise.all((await severalBehind(2)).map((each) => ask(tenancy, each)));
        await vi.waitUntil(() => begun === 2);
      });

      /** Asks in two ways, and changes the tenant while both wait. */
      const askDuring = async (change: () => Promise<unknown>): Promise<unknown[]> => {
        const { id } = await world.tenancy.get(slug);
        // From here on it is in memory, and both are at the wait before anything else happens.
        await tenancy.withTenant(slug, () => undefined, { allow: [] }).catch(() => undefined);
        const asked = Promise.allSettled([
          tenancy.withTenant(slug, () => tenancy.currentTenant()),
          tenancy.resolve({ host: `${slug}.example.com` }),
          tenancy.withTenant({ id }, () => tenancy.currentTenant()),
        ]);
        await change();
        release();
        await holding;
        return await asked;
      };

      it("ends without one that was dropped", async () => {
        expect(await askDuring(() => world.tenancy.drop(slug))).toMatchObject([
          { reason: code("TENANT_NOT_FOUND") },
          { value: { kind: "unknown", name: slug } },
          { reason: code("TENANT_NOT_FOUND") },
        ]);
      });

      it("ends without one that was suspended", async () => {
        expect(await askDuring(() => world.tenancy.suspend(slug))).toMatchObject([
          { reason: code("TENANT_NOT_ACTIVE") },
          { value: { kind: "suspended" } },
          { reason: code("TENANT_NOT_ACTIVE") },
        ]);
      });

      // ISOLATION: what its name was is another tenant's by now.
      it("ends in the one that was renamed, and not in one that has its name since", async () => {
        const { id } = await world.tenancy.get(slug);
        const to = `${slug}-x`;
        const answers = await askDuring(async () => {
          await world.tenancy.rename(slug, { slug: to });
          await world.tenancy.create(slug, { schemaName: world.schema(`${slug}_new`) });
        });
        expect(answers).toMatchObject([
          { value: { id, slug: to } },
          { value: { kind: "tenant", tenant: { id, slug: to } } },
          { value: { id, slug: to } },
        ]);
      });
    });
  });

  it("what was rolled back is applied again", async () => {
    const tenancy = open();
    expect(await ask(tenancy)).toEqual(["first", "added"]);
    await tenancy.rollback(slug);
    expect(await ask(world.tenancy)).toEqual(["first"]);
    expect(await ask(tenancy)).toEqual(["first", "added"]);
  });

  it("a tenant whose row has no fingerprint gets one", async () => {
    await world.run(`update tenants set migrations_digest = null where slug = '${slug}'`);
    const tenancy = open([CREATE_NOTE]);
    expect(await ask(tenancy)).toEqual(["first"]);
    const { migrationsDigest }: Tenant = await world.tenancy.get(slug);
    expect(migrationsDigest).toMatch(/^[0-9a-f]{64}$/);
  });

  it("a folder that cannot be read is the requests' error, and is read again", async () => {
    const broken = open([{ ...ADD, version: "x" }]);
    for (let turn = 0; turn < 2; turn += 1) {
      await expect(ask(broken)).rejects.toMatchObject(code("MIGRATION_INVALID"));
    }
  });

  /** A driver around another that counts its sessions. */
  function counting(): {
    readonly sessions: () => number;
    readonly wrap: (driver: Driver) => Driver;
  } {
    let sessions = 0;
    return {
      sessions: () => sessions,
      wrap: (driver) =>
        new Proxy(driver, {
          get: (target, key) => {
            const value: unknown = Reflect.get(target, key, target);
            if (typeof value !== "function") return value;
            if (key === "session") sessions += 1;
            return (value as (...args: unknown[]) => unknown).bind(target);
          },
        }),
    };
  }
});
