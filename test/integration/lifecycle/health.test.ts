import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { code, CREATE_NOTE, createWorld, NOWHERE, type World } from "./world.ts";

describeEngines("health", (engine) => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld({}, engine);
  });

  afterAll(() => world.close());

  const NEWER = { name: "newer", up: "create table newer (id int)", version: "20260101000002" };

  describe("healthCheck", () => {
    it("finds a tenant healthy", async () => {
      await world.tenancy.create("well");
      expect(await world.tenancy.healthCheck("well")).toEqual({
        healthy: true,
        pending: [],
        schemaExists: true,
        schemaName: world.schema("well"),
        state: "active",
        tableCount: 1,
        tenant: "well",
        version: CREATE_NOTE.version,
      });
    });

    it("finds what is pending", async () => {
      await world.tenancy.create("behind");
      const ahead = world.another({ migrations: { global: [], tenant: [CREATE_NOTE, NEWER] } });
      expect(await ahead.healthCheck("behind")).toMatchObject({
        healthy: false,
        pending: [NEWER.version],
        version: CREATE_NOTE.version,
      });
      await ahead.migrate("behind");
      expect(await ahead.healthCheck("behind")).toMatchObject({ healthy: true, tableCount: 2 });
      expect(await world.tenancy.healthCheck("behind")).toMatchObject({
        healthy: true,
        version: NEWER.version,
      });
    });

    it("finds a changed migration", async () => {
      await world.tenancy.create("changed");
      const other = world.another({
        migrations: { global: [], tenant: [{ ...CREATE_NOTE, up: "select 1" }] },
      });
      expect(await other.healthCheck("changed")).toMatchObject({ healthy: false, pending: [] });
    });

    it("finds that the schema is missing", async () => {
      await world.tenancy.create("hollow");
      await world.removeSchema(world.schema("hollow"));
      expect(await world.tenancy.healthCheck("hollow")).toMatchObject({
        healthy: false,
        pending: [CREATE_NOTE.version],
        schemaExists: false,
        tableCount: 0,
        version: null,
      });
    });

    it("tells the state of a tenant that is not served", async () => {
      await world.tenancy.create("off");
      await world.tenancy.suspend("off");
      expect(await world.tenancy.healthCheck("off")).toMatchObject({
        healthy: false,
        state: "suspended",
      });
    });

    it.runIf(engine.family === "postgres")(
      "sees a schema that the role may not look into",
      async () => {
        await world.tenancy.create("private");
        const client = new pg.Client({ connectionString: world.url });
        await client.connect();
        const role = `poor_${world.databaseName}`;
        await client.query(
          `create role ${role} login password 'x'; grant usage on schema public to ${role};
       grant select on all tables in schema public to ${role};
       create role owner_${world.databaseName};
       alter schema tenant_private owner to owner_${world.databaseName};
       alter table tenant_private.note owner to owner_${world.databaseName}`,
        );
        const url = new URL(world.url);
        url.username = role;
        url.password = "x";
        const poor = world.another({ driver: { url: url.href } });
        const health = await poor.healthCheck("private").catch((error: unknown) => error);
        // Its history is the owner's; that there is a schema is for all to see.
        expect(health).toMatchObject(
          code("HEALTH_CHECK_FAILED", { cause: { code: "42501" }, tenant: "private" }),
        );
        await client.query(
          `grant usage on schema tenant_private to ${role}; grant select on tenant_private.kirayedar_migrations to ${role}`,
        );
        expect(await poor.healthCheck("private")).toMatchObject({
          healthy: true,
          schemaExists: true,
          tableCount: 1,
        });
        await poor.close();
        await client.end();
      },
    );

    it("refuses a tenant that is missing, and names that nobody can have", async () => {
      await expect(world.tenancy.healthCheck("nobody")).rejects.toMatchObject(
        code("TENANT_NOT_FOUND"),
      );
      await expect(world.tenancy.healthCheck("mysql")).rejects.toMatchObject(
        code("INVALID_TENANT_ID"),
      );
    });

    it("says that it failed when the database cannot be asked", async () => {
      const away = world.another({
        driver: { url: NOWHERE[engine.family] },
        globalSchema: world.globalSchema,
      });
      await expect(away.healthCheck("well")).rejects.toMatchObject(
        code("HEALTH_CHECK_FAILED", { cause: { code: "DATABASE_UNAVAILABLE" } }),
      );
    });
  });
});
