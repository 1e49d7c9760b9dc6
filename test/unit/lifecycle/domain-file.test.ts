import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fetchFile, type FetchFileOptions } from "../../../src/lifecycle/domain-file.ts";

const URL_OF_FILE = "http://acme.test/.well-known/kirayedar-1.txt";

let server: Server;
let port: number;
let reached: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    reached.push(`${request.headers.host} ${request.url}`);
    if (request.url === "/large") response.end("x".repeat(1_000_000));
    else if (request.url === "/slow") response.write("x");
    else if (request.url === "/redirect") response.writeHead(302, { location: "/" }).end("moved");
    else response.end("text");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(() => {
  reached = [];
});

const at = (...addresses: readonly string[]): FetchFileOptions => ({
  lookup: async () =>
    addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
  port,
});

const get = (url: string, options: FetchFileOptions, ms = 2000) =>
  fetchFile(url, AbortSignal.timeout(ms), options);

describe("fetchFile", () => {
  it("connects to the address that was checked, in the name of the host", async () => {
    const lookups: string[] = [];
    const answer = await get(URL_OF_FILE, {
      isAllowed: () => true,
      // It would be another one the second time.
      lookup: async (host) => {
        lookups.push(host);
        return [{ address: lookups.length === 1 ? "127.0.0.1" : "127.0.0.9", family: 4 }];
      },
      port,
    });
    expect(answer).toEqual({ body: "text", status: 200 });
    expect(lookups).toEqual(["acme.test."]);
    expect(reached).toEqual([`acme.test:${port} /.well-known/kirayedar-1.txt`]);
  });

  it.each([
    ["127.0.0.1"],
    ["10.0.0.1"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["169.254.169.254"],
    ["8.8.8.8", "127.0.0.1"],
    [],
  ])("reaches nothing for a host at %j %j", async (...addresses) => {
    await expect(get(URL_OF_FILE, at(...addresses))).rejects.toMatchObject({
      name: "NotPublicError",
    });
    expect(reached).toEqual([]);
  });

  it("follows no redirect", async () => {
    const options = { ...at("127.0.0.1"), isAllowed: () => true };
    expect(await get("http://acme.test/redirect", options)).toEqual({ body: "moved", status: 302 });
    expect(reached).toHaveLength(1);
  });

  it("reads no more than it needs, and waits no longer than it is told", async () => {
    const options = { ...at("127.0.0.1"), isAllowed: () => true };
    expect((await get("http://acme.test/large", options)).body).toHaveLength(1024);
    await expect(get("http://acme.test/slow", options, 100)).rejects.toThrow();
  });
});
