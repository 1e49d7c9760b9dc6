import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { describeEngines, MARIADB, POSTGRES } from "../../support/engines.ts";
import { createDomainWorld, type DomainWorld } from "./domain-world.ts";
import { code } from "./world.ts";

const ROUNDS = 6;
const TENANTS = ["one", "two", "three", "four"] as const;

describeEngines(
  "domains that several want at once",
  (engine) => {
    let world: DomainWorld;
    let processes: readonly (readonly [slug: string, tenancy: Tenancy])[];

    beforeAll(async () => {
      world = await createDomainWorld(engine);
      processes = TENANTS.map((slug) => [slug, world.another({ domains: world.domains })] as const);
      for (const slug of TENANTS) await world.tenancy.create(slug);
    });

    afterAll(() => world.close());

    const ownersOf = async (domain: string): Promise<string[]> => {
      const tenants = await Promise.all(TENANTS.map((slug) => world.tenancy.get(slug)));
      return tenants.filter(({ domains }) => domains.includes(domain)).map(({ slug }) => slug);
    };

    describe("verifying", () => {
      it("gives a domain to one of those whose records are all there", async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const domain = `race-${round}.test`;
          const claims = await Promise.all(
            processes.map(([slug, process]) => process.claimDomain(slug, domain)),
          );
          world.dns.records.set(
            `_kirayedar.${domain}`,
            claims.map((claim) => [claim.challenge?.dns.value ?? ""]),
          );
          const outcomes = await Promise.allSettled(
            processes.map(([slug, process]) => process.verifyDomain(slug, domain)),
          );
          const winners = TENANTS.filter((_, index) => outcomes[index]?.status === "fulfilled");
          expect(winners).toHaveLength(1);
          expect(await ownersOf(domain)).toEqual(winners);
          for (const outcome of outcomes) {
            if (outcome.status === "fulfilled") continue;
            expect(outcome.reason).toMatchObject(code("DOMAIN_TAKEN"));
          }
        }
      });

      it("gives a domain to one of those who verify it, add it and begin with it", async () => {
        const { tenancy } = world;
        for (let round = 0; round < ROUNDS; round += 1) {
          const domain = `mixed-${round}.test`;
          const [one, two, three, four] = processes.map(([, process]) => process);
          world.publish(await tenancy.claimDomain("one", domain));
          const outcomes = await Promise.allSettled([
            one?.verifyDomain("one", domain),
            two?.addDomain("two", domain),
            three?.addDomain("three", domain, { primary: true }),
            four?.create(`five-${round}`, { domains: [domain] }),
          ]);
          const won = outcomes.map(({ status }) => status === "fulfilled");
          expect(won.filter(Boolean)).toHaveLength(1);
          for (const outcome of outcomes) {
            if (outcome.status === "fulfilled") continue;
            expect(outcome.reason).toMatchObject(code("DOMAIN_TAKEN"));
          }
          const owners = ["one", "two", "three", `five-${round}`];
          expect(await tenancy.resolve({ host: domain })).toMatchObject({
            tenant: { slug: owners[won.indexOf(true)] },
          });
        }
      });

      it("leaves nothing of a domain whose tenant is dropped, and follows one that is renamed", async () => {
        const { tenancy } = world;
        await tenancy.create("leaving");
        world.publish(await tenancy.claimDomain("leaving", "leaving.test"));
        const [, dropped] = await Promise.allSettled([
          processes[0]?.[1].verifyDomain("leaving", "leaving.test"),
          processes[1]?.[1].drop("leaving"),
        ]);
        expect(dropped).toMatchObject({ status: "fulfilled", value: true });
        expect(await tenancy.resolve({ host: "leaving.test" })).toMatchObject({ kind: "unknown" });
        const claim = await tenancy.claimDomain("one", "leaving.test");
        await expect(tenancy.verifyDomain("one", "leaving.test")).rejects.toMatchObject(
          code("DOMAIN_NOT_VERIFIED"),
        );
        world.publish(claim);
        await tenancy.verifyDomain("one", "leaving.test");
        await tenancy.create("before");
        world.publish(await tenancy.claimDomain("before", "renamed.test"));
        const both = await Promise.allSettled([
          processes[0]?.[1].verifyDomain("before", "renamed.test"),
          processes[1]?.[1].rename("before", { slug: "after" }),
        ]);
        expect(both[1]).toMatchObject({ status: "fulfilled" });
        const isServed = both[0].status === "fulfilled";
        // It may have come to a slug that was no longer there.
        const refused = { reason: code("TENANT_NOT_FOUND"), status: "rejected" };
        expect(both[0]).toMatchObject(isServed ? {} : refused);
        expect(await tenancy.isServedDomain("renamed.test")).toBe(isServed);
        expect((await tenancy.get("after")).domains).toEqual(isServed ? ["renamed.test"] : []);
      });

      it("serves nothing of a claim that was removed while it was looked for", async () => {
        const { dns, tenancy } = world;
        let found = (): void => undefined;
        let isAsked = (): void => undefined;
        const asked = new Promise<void>((resolve) => (isAsked = resolve));
        const answer = new Promise<void>((resolve) => (found = resolve));
        const slow = world.another({
          domains: {
            ...world.domains,
            resolver: {
              resolveTxt: async (name) => {
                const records = await dns.resolver.resolveTxt(name);
                isAsked();
                await answer;
                return records;
              },
            },
          },
        });
        world.publish(await tenancy.claimDomain("one", "removed.test"));
        const verifying = slow.verifyDomain("one", "removed.test");
        await asked;
        await tenancy.removeDomain("one", "removed.test");
        // Claimed anew, it asks for something else than what was found.
        await tenancy.claimDomain("one", "removed.test");
        found();
        await expect(verifying).rejects.toMatchObject(code("INVALID_DOMAIN"));
        expect(await ownersOf("removed.test")).toEqual([]);
      });
    });

    describe("lapsing", () => {
      it("leaves alone what another process found again in the same moment", async () => {
        const { dns, tenancy } = world;
        const claim = await tenancy.claimDomain("two", "back.test");
        world.publish(claim);
        await tenancy.verifyDomain("two", "back.test");
        world.retract(claim);
        await tenancy.checkDomains();
        await world.age("back.test", 100);
        // The record comes back between a look that missed it and the end of that look.
        const late = world.another({
          domains: {
            ...world.domains,
            resolver: {
              resolveTxt: async (name) => {
                const records = await dns.resolver.resolveTxt(name).catch((error: unknown) => {
                  if (name === claim.challenge?.dns.name) world.publish(claim);
                  throw error;
                });
                return records;
              },
            },
          },
          wrap: (driver) =>
            new Proxy(driver, {
              get: (target, key) => {
                const value: unknown = Reflect.get(target, key, target);
                if (key !== "transaction") {
                  return typeof value === "function" ? (value.bind(target) as unknown) : value;
                }
                return async (...given: Parameters<typeof driver.transaction>) => {
                  await tenancy.verifyDomain("two", "back.test");
                  return await target.transaction(...given);
                };
              },
            }),
        });
        const { counts } = await late.checkDomains();
        expect(counts.lapsed).toBe(0);
        expect(await ownersOf("back.test")).toEqual(["two"]);
      });

      it("lapses once, however many processes check", async () => {
        const { tenancy } = world;
        const claim = await tenancy.claimDomain("three", "once.test");
        world.publish(claim);
        await tenancy.verifyDomain("three", "once.test");
        world.retract(claim);
        await tenancy.checkDomains();
        await world.age("once.test", 100);
        const results = await Promise.all(processes.map(([, process]) => process.checkDomains()));
        expect(results.reduce((sum, { counts }) => sum + counts.lapsed, 0)).toBe(1);
        expect(await ownersOf("once.test")).toEqual([]);
        const listed = (await tenancy.listDomains("three")).map(({ domain }) => domain);
        expect(listed.filter((domain) => domain === "once.test")).toHaveLength(1);
      });
    });
  },
  [POSTGRES, MARIADB],
);
