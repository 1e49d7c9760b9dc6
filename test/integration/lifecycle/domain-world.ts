import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Domain, DomainsConfig } from "../../../src/core/domains.ts";
import { fetchFile } from "../../../src/lifecycle/domain-file.ts";
import { type DnsServer, startDnsServer } from "../../support/dns-server.ts";
import type { Engine } from "../../support/engines.ts";
import { createWorld, type World, type WorldConfig } from "./world.ts";

/** A world with a name server and a web server of its own: the internet that domains are on. */
export interface DomainWorld extends World {
  readonly dns: DnsServer;
  /** Files of the web server, by host and path; a number is a status. */
  readonly files: Map<string, string | number>;
  /** How domains are verified by default, to be changed for another tenancy. */
  readonly domains: DomainsConfig;
  /** Publishes what a domain's challenge asks for. */
  publish(domain: Domain): void;
  /** Removes the record again. */
  retract(domain: Domain): void;
  /** Makes a failing domain one that is missing for so many hours. */
  age(domain: string, hours: number): Promise<void>;
}

/** Creates the world; more of the configuration as for any other. */
export async function createDomainWorld(
  engine: Engine,
  config: WorldConfig = {},
): Promise<DomainWorld> {
  const dns = await startDnsServer();
  const files = new Map<string, string | number>();
  const server = createServer((request, response) => {
    const found = files.get(`${request.headers.host?.split(":")[0]}${request.url}`) ?? 404;
    if (typeof found === "number") {
      response.writeHead(found, { location: "http://127.0.0.1/" }).end("no");
    } else response.end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const domains: DomainsConfig = {
    // Every host is this machine, at the port of the web server.
    fetch: (url, signal) =>
      fetchFile(url, signal, {
        isAllowed: () => true,
        lookup: async () => [{ address: "127.0.0.1", family: 4 }],
        port,
      }),
    resolver: dns.resolver,
    timeoutMs: 1000,
  };
  const world = await createWorld(
    { adminHost: "admin.example.com", domains, primaryDomain: "example.com", ...config },
    engine,
  );
  return {
    ...world,
    age: (domain, hours) =>
      world.run({
        mysql: `update tenant_domains set failing_since = date_sub(failing_since, interval ${hours} hour) where domain = '${domain}'`,
        postgres: `update tenant_domains set failing_since = failing_since - interval '${hours} hours' where domain = '${domain}'`,
      }),
    close: async () => {
      await world.close();
      await dns.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    dns,
    domains,
    files,
    publish: ({ challenge }) => {
      if (challenge === null) throw new Error("It has no challenge.");
      dns.records.set(challenge.dns.name, [[challenge.dns.value]]);
    },
    retract: ({ challenge }) => {
      if (challenge !== null) dns.records.delete(challenge.dns.name);
    },
  };
}
