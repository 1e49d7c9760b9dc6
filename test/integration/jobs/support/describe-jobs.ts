import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JobTenancy } from "../../../../src/integrations/jobs/common/options.ts";
import { TenancyError } from "../../../../src/errors/tenancy-error.ts";
import type { Rig, RigQueue, RigState } from "./rig.ts";
import { type JobsWorld, openJobsWorld, until } from "./world.ts";

/** What all libraries promise alike. */
export function describeJobs(open: (world: JobsWorld) => Rig | Promise<Rig>): void {
  let world: JobsWorld;
  let rig: Rig;

  beforeAll(async () => {
    world = await openJobsWorld();
    rig = await open(world);
  });
  afterEach(() => rig.rest());
  afterAll(async () => {
    await rig?.close();
    await world?.close();
  });

  const settled = async (queue: RigQueue, id: string | undefined): Promise<RigState> => {
    let state: RigState | undefined;
    await until(
      async () => {
        state = await queue.stateOf(id!);
        return state.state === "done" || state.state === "failed" || state.state === "later";
      },
      `job ${id}, which is ${JSON.stringify(state)},`,
    );
    return state!;
  };

  /** A handler that writes what it got into the notes of its scope. */
  const write = async (data: unknown): Promise<void> => {
    const { note } = data as { note: string };
    await world.tenancy.query("insert into notes (owner, text) values (current_schema(), $1)", [
      note,
    ]);
  };

  describe("a job", () => {
    it("runs in the tenant in whose scope it was enqueued", async () => {
      const [acme, globex] = [await world.tenant(), await world.tenant()];
      const queue = await rig.queue(world.tenancy);
      const seen: unknown[] = [];
      await queue.work(async (data) => {
        seen.push(data);
        await write(data);
      });
      const { tenancy } = world;
      const ids = [
        await tenancy.withTenant(acme, () => queue.add({ note: "ambient" })),
        await tenancy.withTenant(acme, async () =>
          (await queue.forTenant(globex)).add({ note: "explicit" }),
        ),
        await tenancy.withTenant(acme, () => queue.global.add({ note: "global" })),
        await tenancy.scopeGlobal(() => queue.add({ note: "in the global scope" })),
      ];
      for (const id of ids) expect((await settled(queue, id)).state).toBe("done");
      expect(await world.notes(acme.schemaName)).toEqual(["ambient"]);
      expect(await world.notes(globex.schemaName)).toEqual(["explicit"]);
      expect(new Set(await world.notes("public"))).toEqual(
        new Set(["decoy", "global", "in the global scope"]),
      );
      // What a handler gets is what was enqueued, and nothing else.
      expect(new Set(seen.map((data) => JSON.stringify(data)))).toEqual(
        new Set(
          ["ambient", "explicit", "global", "in the global scope"].map((note) =>
            JSON.stringify({ note }),
          ),
        ),
      );
    });

    it("is not enqueued in no scope", async () => {
      const queue = await rig.queue(world.tenancy);
      await expect(queue.add({ note: "nobody's" })).rejects.toMatchObject({
        code: "TENANT_REQUIRED",
      });
      await expect(queue.forTenant("missing")).rejects.toMatchObject({ code: "TENANT_NOT_FOUND" });
    });

    it("runs in its tenant after a rename, also when another one has taken the slug", async () => {
      const old = await world.tenant();
      const queue = await rig.queue(world.tenancy);
      const id = await world.tenancy.withTenant(old, () => queue.add({ note: "old" }));
      const renamed = await world.tenancy.rename(old, { schemaName: true, slug: `${old.slug}-x` });
      const fresh = await world.tenancy.create(old.slug);
      await queue.work(write);
      expect((await settled(queue, id)).state).toBe("done");
      expect(await world.notes(renamed.schemaName)).toEqual(["old"]);
      expect(await world.notes(fresh.schemaName)).toEqual([]);
    });

    it("fails for good when its tenant is gone, also when another one has taken the slug", async () => {
      const gone = await world.tenant();
      const queue = await rig.queue(world.tenancy);
      const id = await world.tenancy.withTenant(gone, () => queue.add({ note: "late" }));
      await world.tenancy.drop(gone);
      const fresh = await world.tenancy.create(gone.slug);
      await queue.work(write);
      const state = await settled(queue, id);
      expect(state.state).toBe("failed");
      expect(state.error).toMatch(/gone.*TENANT_NOT_FOUND/);
      expect(await world.notes(fresh.schemaName)).toEqual([]);
    });

    it("waits for a tenant that is suspended or in maintenance, at the cost of no attempt", async () => {
      const [acme, globex] = [await world.tenant(), await world.tenant()];
      const queue = await rig.queue(world.tenancy);
      const ids = [acme, globex].map((tenant) =>
        world.tenancy.withTenant(tenant, () => queue.add({ note: "patient" })),
      );
      const [first, second] = await Promise.all(ids);
      await world.tenancy.suspend(acme);
      await world.tenancy.startMaintenance(globex);
      await queue.work(write);
      for (const id of [first, second]) {
        expect(await settled(queue, id)).toMatchObject({ attempts: 0, state: "later" });
      }
      // More often than it may be attempted.
      for (let time = 0; time < 3; time += 1) {
        await queue.hurry();
        await until(async () => (await queue.stateOf(first!)).state === "later");
      }
      expect(await queue.stateOf(first!)).toMatchObject({ attempts: 0 });
      await world.tenancy.resume(acme);
      await world.tenancy.resume(globex);
      await queue.hurry();
      for (const [id, { schemaName }] of [
        [first, acme],
        [second, globex],
      ] as const) {
        await until(async () => (await queue.stateOf(id!)).state === "done");
        expect(await world.notes(schemaName)).toEqual(["patient"]);
      }
    });

    it("runs in a tenant of another state if that is allowed", async () => {
      const acme = await world.tenant();
      const queue = await rig.queue(world.tenancy);
      const id = await world.tenancy.withTenant(acme, () => queue.add({ note: "export" }));
      await world.tenancy.suspend(acme);
      await queue.work(write, { allow: ["active", "suspended"] });
      expect((await settled(queue, id)).state).toBe("done");
      expect(await world.notes(acme.schemaName)).toEqual(["export"]);
    });

    it("that carries no tenant fails for good, or runs in the global scope on purpose", async () => {
      const [strict, lax] = [await rig.queue(world.tenancy), await rig.queue(world.tenancy)];
      const seen: unknown[] = [];
      await strict.work(write);
      await lax.work(async (data) => seen.push(data, world.tenancy.currentScope()?.kind), {
        withoutTenant: "global",
      });
      const refused = await settled(strict, await strict.addRaw({ note: "whose?" }));
      expect(refused.state).toBe("failed");
      expect(refused.error).toContain("[TENANT_REQUIRED]");
      expect((await settled(lax, await lax.addRaw({ note: "whose?" }))).state).toBe("done");
      expect(seen).toEqual([{ note: "whose?" }, "global"]);
    });

    it("with a mark that is malformed or leads nowhere fails for good", async () => {
      const acme = await world.tenant();
      const queue = await rig.queue(world.tenancy);
      await queue.work(write, { withoutTenant: "global" });
      const marks = [
        "acme",
        acme.id,
        {},
        { tenant: "" },
        { tenant: 7 },
        { tenant: { id: acme.id } },
        { tenant: [acme.id] },
        { global: true, tenant: acme.id },
        { global: "true" },
        { tenant: "'; drop schema public; --" },
        { tenant: acme.slug },
      ];
      const ids = await Promise.all(marks.map((mark) => queue.addRaw({ note: "forged" }, mark)));
      for (const [index, id] of ids.entries()) {
        const state = await settled(queue, id);
        expect(state, JSON.stringify(marks[index])).toMatchObject({ state: "failed" });
        expect(state.error).toMatch(/TENANT_(REQUIRED|NOT_FOUND)|of the jobs of one batch failed/);
      }
      expect(await world.notes(acme.schemaName)).toEqual([]);
      expect(await world.notes("public")).not.toContain("forged");
    });

    it("is tried again when its own work fails, whatever with", async () => {
      const acme = await world.tenant();
      const queue = await rig.queue(world.tenancy);
      let attempts = 0;
      await queue.work(async (data) => {
        attempts += 1;
        if (attempts === 1) await world.tenancy.tenant("missing");
        if (attempts === 2) throw new Error("twice");
        await write(data);
      });
      const id = await world.tenancy.withTenant(acme, () => queue.add({ note: "third" }));
      await until(async () => {
        await queue.hurry();
        return (await queue.stateOf(id!)).state === "done";
      });
      expect([attempts, await world.notes(acme.schemaName)]).toEqual([3, ["third"]]);
    });

    it("is tried again when its tenant cannot be looked up", async () => {
      const acme = await world.tenant();
      let failures = 0;
      const broken: JobTenancy = {
        currentScope: () => world.tenancy.currentScope(),
        logger: world.tenancy.logger,
        scopeGlobal: (fn) => world.tenancy.scopeGlobal(fn),
        tenant: async (ref, options) => {
          failures += 1;
          if (failures === 1) throw new TenancyError("DATABASE_UNAVAILABLE", "It is away.");
          return world.tenancy.tenant(ref, options);
        },
      };
      const queue = await rig.queue(broken);
      const id = await world.tenancy.withTenant(acme, () => queue.add({ note: "back" }));
      await queue.work(write);
      await until(async () => {
        await queue.hurry();
        return (await queue.stateOf(id!)).state === "done";
      });
      expect(await world.notes(acme.schemaName)).toEqual(["back"]);
    });

    it("has a key of its tenant's own", async () => {
      const [acme, globex] = [await world.tenant(), await world.tenant()];
      const queue = await rig.queue(world.tenancy);
      const add = (tenant: typeof acme, note: string): Promise<string | undefined> =>
        world.tenancy.withTenant(tenant, () => queue.add({ note }, "daily"));
      await add(acme, "of acme");
      await add(globex, "of globex");
      await queue.global.add({ note: "of nobody" }, "daily");
      expect(queue.global.keyOf("daily")).toBe("daily");
      expect((await queue.forTenant(acme)).keyOf("daily")).toBe(`${acme.id}.daily`);
      await queue.work(write);
      for (const [schema, text] of [
        [acme.schemaName, "of acme"],
        [globex.schemaName, "of globex"],
        ["public", "of nobody"],
      ] as const) {
        await until(async () => (await world.notes(schema)).includes(text), text);
      }
    });
  });
}
