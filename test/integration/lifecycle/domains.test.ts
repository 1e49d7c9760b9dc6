import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Domain } from "../../../src/core/domains.ts";
import { describeEngines, MARIADB, POSTGRES } from "../../support/engines.ts";
import { createDomainWorld, type DomainWorld } from "./domain-world.ts";
import { code } from "./world.ts";

const ONE_YEAR_MS = 365 * 24 * 3_600_000;

describeEngines(
  "domains",
  (engine) => {
    let world: DomainWorld;
    const hostOf = async (host: string) => {
      const resolution = await world.tenancy.resolve({ host });
      return resolution.kind === "tenant" ? resolution.tenant.slug : resolution.kind;
    };
    const claimed = (slug: string, domain: string) => world.tenancy.claimDomain(slug, domain);
    const verified = async (slug: string, domain: string): Promise<Domain> => {
      world.publish(await claimed(slug, domain));
      return await world.tenancy.verifyDomain(slug, domain);
    };

    beforeAll(async () => {
      world = await createDomainWorld(engine);
      for (const slug of ["acme", "globex"]) await world.tenancy.create(slug);
    });

    afterAll(() => world.close());

    describe("a claim", () => {
      it("is not served before its record is seen", async () => {
        const { dns, tenancy } = world;
        const claim = await claimed("acme", "Notes.Acme.Test.");
        expect(claim).toMatchObject({
          checkedAt: null,
          domain: "notes.acme.test",
          failingSince: null,
          isPrimary: false,
          method: null,
          state: "pending",
          verifiedAt: null,
        });
        expect(await hostOf("notes.acme.test")).toBe("unknown");
        expect(await tenancy.isServedDomain("notes.acme.test")).toBe(false);
        // A long text comes in parts, and records of other purposes are beside it.
        dns.records.set("_kirayedar.notes.acme.test", [
          ["v=spf1 -all"],
          [claim.challenge?.dns.value.slice(0, 9) ?? "", claim.challenge?.dns.value.slice(9) ?? ""],
        ]);
        expect(await tenancy.verifyDomain("acme", "notes.acme.test")).toMatchObject({
          challenge: claim.challenge,
          createdAt: claim.createdAt,
          failingSince: null,
          isPrimary: true,
          method: "dns",
          state: "verified",
        });
        expect(await hostOf("notes.acme.test")).toBe("acme");
        expect(await tenancy.isServedDomain("NOTES.acme.test.")).toBe(true);
        expect((await tenancy.get("acme")).domains).toEqual(["notes.acme.test"]);
      });

      it("keeps its token when it is repeated, and has another one than anybody else's", async () => {
        const first = await claimed("acme", "token.test");
        expect((await claimed("acme", "token.test")).challenge).toEqual(first.challenge);
        expect((await claimed("globex", "token.test")).challenge).not.toEqual(first.challenge);
        await world.tenancy.removeDomain("acme", "token.test");
        expect((await claimed("acme", "token.test")).challenge).not.toEqual(first.challenge);
      });

      it("says what was looked for and what was found", async () => {
        const { dns, files, tenancy } = world;
        const { challenge } = await claimed("acme", "missing.test");
        const fails = () =>
          tenancy.verifyDomain("acme", "missing.test").then(
            () => "it was verified",
            (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
          );
        expect(await fails()).toMatch(
          /^DOMAIN_NOT_VERIFIED: The TXT record "_kirayedar\.missing\.test" with the text "kirayedar-verify=[\da-f]{32}" is not there\. The file http:\/\/missing\.test\/\.well-known\/kirayedar-[\da-f]{16}\.txt with .* is not there; the answer has the status 404\. Publish/,
        );
        dns.records.set("_kirayedar.missing.test", [["\u001b[31mkirayedar-verify=old"], ["x"]]);
        files.set(challenge?.http.url.replace("http://", "") ?? "", "something else");
        expect(await fails()).toMatch(
          /there is "\?\[31mkirayedar-verify=old", "x"\..*there is another text\./,
        );
        dns.records.set("_kirayedar.missing.test", "servfail");
        expect(await fails()).toMatch(/could not be looked up \(ESERVFAIL\)\./);
        const [row] = (await tenancy.listDomains("acme")).filter(
          ({ domain }) => domain === "missing.test",
        );
        expect(row).toMatchObject({ state: "pending" });
        expect(row?.checkedAt).toBeInstanceOf(Date);
        expect(row?.failingSince).toBeInstanceOf(Date);
      });

      it("may be shown by a file, which redirects do not lead to", async () => {
        const { files, tenancy } = world;
        const { challenge } = await claimed("acme", "file.test");
        const at = challenge?.http.url.replace("http://", "") ?? "";
        files.set(at, 302);
        await expect(tenancy.verifyDomain("acme", "file.test")).rejects.toMatchObject(
          code("DOMAIN_NOT_VERIFIED", { message: expect.stringContaining("status 302") as string }),
        );
        files.set(at, `${challenge?.http.body}\r\n`);
        expect(await tenancy.verifyDomain("acme", "file.test")).toMatchObject({
          method: "http",
          state: "verified",
        });
        files.delete(at);
      });

      it.each([
        ["acme.example.com", "belongs to the primary domain"],
        ["admin.example.com", "global scope's own"],
        ["127.0.0.1", "is an address"],
        ["a.test:80", "has a port"],
        ["a.test/path", "no host name has"],
        ["", "is empty"],
        [`${"a".repeat(60)}.`.repeat(4) + "test", "too long for a record"],
      ])("is refused for %s", async (domain, fact) => {
        await expect(claimed("acme", domain)).rejects.toMatchObject(
          code("INVALID_DOMAIN", { message: expect.stringContaining(fact) as string }),
        );
      });

      it("is nothing that could be verified for a tenant that made none", async () => {
        await claimed("globex", "others.test");
        for (const domain of ["others.test", "nobody.test"]) {
          await expect(world.tenancy.verifyDomain("acme", domain)).rejects.toMatchObject(
            code("INVALID_DOMAIN", { tenant: "acme" }),
          );
        }
        await expect(claimed("nobody", "a.test")).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
      });
    });

    describe("domains of a tenant", () => {
      it("are listed with those that are served first, and the primary one before all", async () => {
        const { tenancy } = world;
        await tenancy.create("mixed", { domains: ["first.test", "second.test"] });
        await tenancy.claimDomain("mixed", "wanted.test", { primary: true });
        await tenancy.claimDomain("mixed", "a.test");
        const states = async () =>
          (await tenancy.listDomains("mixed")).map(
            ({ domain, isPrimary, state }) => `${domain} ${state}${isPrimary ? "!" : ""}`,
          );
        expect(await states()).toEqual([
          "first.test trusted!",
          "second.test trusted",
          "wanted.test pending",
          "a.test pending",
        ]);
        await verified("mixed", "wanted.test");
        expect(await states()).toEqual([
          "wanted.test verified!",
          "first.test trusted",
          "second.test trusted",
          "a.test pending",
        ]);
        expect((await tenancy.get("mixed")).domains[0]).toBe("wanted.test");
        await tenancy.removeDomain("mixed", "wanted.test");
        await tenancy.removeDomain("mixed", "a.test");
        expect(await states()).toEqual(["first.test trusted!", "second.test trusted"]);
      });

      it("may be trusted first and verified later, without being away in between", async () => {
        const { tenancy } = world;
        await tenancy.addDomain("acme", "byhand.test");
        const claim = await claimed("acme", "byhand.test");
        expect(claim).toMatchObject({ state: "trusted", verifiedAt: null });
        expect(await hostOf("byhand.test")).toBe("acme");
        world.publish(claim);
        expect(await tenancy.verifyDomain("acme", "byhand.test")).toMatchObject({
          challenge: claim.challenge,
          state: "verified",
        });
        expect(await hostOf("byhand.test")).toBe("acme");
      });

      it("stay with a tenant that is renamed, and go with one that is dropped", async () => {
        const { tenancy } = world;
        await tenancy.create("moving");
        const claim = await claimed("moving", "moving.test");
        await tenancy.rename("moving", { slug: "moved" });
        expect(await tenancy.listDomains("moved")).toEqual([claim]);
        await tenancy.drop("moved");
        await tenancy.create("moved");
        expect(await tenancy.listDomains("moved")).toEqual([]);
      });
    });

    describe("a domain that somebody has", () => {
      it("cannot be claimed by another tenant, nor verified by one that claimed it before", async () => {
        const { tenancy } = world;
        const other = await claimed("globex", "taken.test");
        await verified("acme", "taken.test");
        world.publish(other);
        for (const attempt of [
          () => tenancy.claimDomain("globex", "taken.test"),
          () => tenancy.verifyDomain("globex", "taken.test"),
          () => tenancy.addDomain("globex", "taken.test"),
        ]) {
          await expect(attempt()).rejects.toMatchObject(code("DOMAIN_TAKEN"));
        }
        expect(await hostOf("taken.test")).toBe("acme");
        await tenancy.removeDomain("acme", "taken.test");
        expect(await tenancy.verifyDomain("globex", "taken.test")).toMatchObject({
          state: "verified",
        });
        expect(await hostOf("taken.test")).toBe("globex");
      });
    });

    describe("a check", () => {
      it("serves a domain on for the grace period after its record has gone, and then no longer", async () => {
        const { log, tenancy } = world;
        const domain = await verified("acme", "lapsing.test");
        const other = await claimed("globex", "lapsing.test").catch(() => undefined);
        expect(other).toBeUndefined();
        const lookAgain = async () => {
          const { domains } = await tenancy.checkDomains();
          return domains.find((one) => one.domain === "lapsing.test")?.outcome ?? "verified";
        };
        expect(await lookAgain()).toBe("verified");
        world.retract(domain);
        expect(await lookAgain()).toBe("failing");
        await expect(tenancy.verifyDomain("acme", "lapsing.test")).rejects.toMatchObject(
          code("DOMAIN_NOT_VERIFIED"),
        );
        expect(await hostOf("lapsing.test")).toBe("acme");
        await world.age("lapsing.test", 71);
        expect(await lookAgain()).toBe("failing");
        world.publish(domain);
        expect(await lookAgain()).toBe("verified");
        world.retract(domain);
        expect(await lookAgain()).toBe("failing");
        await world.age("lapsing.test", 73);
        expect(await hostOf("lapsing.test")).toBe("acme");
        expect(await lookAgain()).toBe("lapsed");
        expect(await hostOf("lapsing.test")).toBe("unknown");
        expect(await tenancy.isServedDomain("lapsing.test")).toBe(false);
        const warned = log.filter(({ fields }) => fields["domain"] === "lapsing.test");
        // Once each time that it begins, so that there is time to do something about it.
        expect(warned.map(({ level, message }) => `${level} ${message}`)).toEqual([
          "warn domain failing",
          "warn domain failing",
          "warn domain lapsed",
        ]);
        const [row] = (await tenancy.listDomains("acme")).filter(
          (one) => one.domain === "lapsing.test",
        );
        expect(row).toMatchObject({ challenge: domain.challenge, state: "pending" });
        // Whoever shows now that it is theirs has it.
        await verified("globex", "lapsing.test");
        world.publish(domain);
        await expect(tenancy.verifyDomain("acme", "lapsing.test")).rejects.toMatchObject(
          code("DOMAIN_TAKEN"),
        );
        expect(await hostOf("lapsing.test")).toBe("globex");
      });

      it.each(["servfail", "silent"] as const)(
        "lets nothing lapse while the name server is %s",
        async (answer) => {
          const { dns, tenancy } = world;
          const name = `${answer}.test`;
          const { challenge } = await verified("acme", name);
          dns.records.delete(challenge?.dns.name ?? "");
          await tenancy.checkDomains();
          await world.age(name, 1000);
          dns.records.set(challenge?.dns.name ?? "", answer);
          const { domains } = await tenancy.checkDomains();
          expect(domains.find(({ domain }) => domain === name)).toMatchObject({
            outcome: "unknown",
            reason: expect.stringContaining("could not be looked up") as string,
          });
          expect(await hostOf(name)).toBe("acme");
          await tenancy.removeDomain("acme", name);
        },
      );

      it("looks at the oldest first, as many as are asked for, and stops when told", async () => {
        const { tenancy } = world;
        await tenancy.create("many");
        for (let index = 0; index < 6; index += 1) await verified("many", `many-${index}.test`);
        const all = await tenancy.checkDomains({ concurrency: 2 });
        expect(all).toMatchObject({ stopped: false });
        expect(all.done).toBeGreaterThanOrEqual(6);
        const seen: string[] = [];
        const some = await tenancy.checkDomains({
          concurrency: 1,
          limit: 3,
          onProgress: ({ done, last, total }) => seen.push(`${done}/${total} ${last.domain}`),
        });
        expect(some.done).toBe(3);
        expect(seen.map((line) => line.slice(0, 3))).toEqual(["1/3", "2/3", "3/3"]);
        expect(await tenancy.checkDomains({ olderThanMs: ONE_YEAR_MS })).toMatchObject({
          done: 0,
          ok: true,
        });
        const controller = new AbortController();
        const stopped = await tenancy.checkDomains({
          concurrency: 1,
          onProgress: () => {
            controller.abort();
          },
          signal: controller.signal,
        });
        expect(stopped).toMatchObject({ done: 1, ok: false, stopped: true });
      });

      it.each([
        { concurrency: 0 },
        { limit: 1.5 },
        { olderThanMs: -1 },
        { onProgress: "x" },
        { signal: {} },
      ])("refuses the options %j", async (options) => {
        await expect(world.tenancy.checkDomains(options as never)).rejects.toMatchObject(
          code("INVALID_QUERY"),
        );
      });
    });

    it("says what to do while the registry has no claims yet, and gets them by its migration", async () => {
      const { tenancy } = world;
      const { rows } = await world.admin.query<{ name: string }>(
        "select table_name as name from information_schema.tables where table_name like 'kirayedar%claims'",
      );
      await world.run(
        `drop table ${rows[0]?.name}; alter table tenant_domains drop column token, drop column method, drop column claimed_at, drop column checked_at, drop column failing_since`,
      );
      await expect(tenancy.listDomains("acme")).rejects.toMatchObject(
        code("REGISTRY_MISSING", {
          message: expect.stringContaining("migrate --global") as string,
        }),
      );
      expect(await hostOf("lapsing.test")).toBe("globex");
      // What an older version has applied is told apart by its checksum.
      await world.run(
        "update kirayedar_migrations set checksum = 'kirayedar_registry_1' where name = 'kirayedar_registry'",
      );
      expect(await tenancy.migrationStatus(null)).toMatchObject([{ state: "pending" }]);
      expect((await tenancy.migrateGlobal()).versions).toHaveLength(1);
      expect((await tenancy.migrateGlobal()).versions).toHaveLength(0);
      const states = (await tenancy.listDomains("acme")).map(({ state }) => state);
      expect(new Set(states)).toEqual(new Set(["trusted"]));
      await verified("acme", "after.test");
    });
  },
  [POSTGRES, MARIADB],
);
