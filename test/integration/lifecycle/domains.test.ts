import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeEngines, MARIADB, POSTGRES } from "../../support/engines.ts";
import { createDomainWorld, type DomainWorld } from "./domain-world.ts";
import { code } from "./world.ts";

describeEngines(
  "domains",
  (engine) => {
    let world: DomainWorld;

    beforeAll(async () => {
      world = await createDomainWorld(engine);
      for (const slug of ["acme", "globex"]) await world.tenancy.create(slug);
    });

    afterAll(() => world.close());

    describe("a claim", () => {
      it("is not served before it is verified", async () => {
        const { tenancy } = world;
        const claimed = await tenancy.claimDomain("acme", "Notes.Acme.Test.");
        expect(claimed).toMatchObject({
          checkedAt: null,
          domain: "notes.acme.test",
          failingSince: null,
          isPrimary: false,
          method: null,
          state: "pending",
          verifiedAt: null,
        });
        expect(claimed.challenge?.dns.name).toBe("_kirayedar.notes.acme.test");
        expect(claimed.challenge?.dns.value).toMatch(/^kirayedar-verify=[\da-f]{32}$/);
        await expect(tenancy.verifyDomain("acme", "notes.acme.test")).rejects.toMatchObject(
          code("DOMAIN_NOT_VERIFIED"),
        );
        expect(await tenancy.isServedDomain("notes.acme.test")).toBe(false);
        expect(await tenancy.resolve({ host: "notes.acme.test" })).toMatchObject({
          kind: "unknown",
        });
        world.publish(claimed);
        expect(await tenancy.verifyDomain("acme", "notes.acme.test")).toMatchObject({
          isPrimary: true,
          method: "dns",
          state: "verified",
        });
        expect(await tenancy.resolve({ host: "notes.acme.test" })).toMatchObject({
          kind: "tenant",
          tenant: { domains: ["notes.acme.test"], slug: "acme" },
        });
        expect(await tenancy.isServedDomain("notes.acme.test")).toBe(true);
        expect(await tenancy.listDomains("acme")).toMatchObject([{ state: "verified" }]);
        expect(await tenancy.checkDomains()).toMatchObject({ counts: { verified: 1 }, ok: true });
      });
    });
  },
  [POSTGRES, MARIADB],
);
