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
