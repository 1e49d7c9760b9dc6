import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";

/** Names under which a program on the same machine reaches it. */
const LOOPBACK: readonly string[] = ["127.0.0.1", "localhost", "[::1]"];

/** Whether nobody but this machine can reach an address that is listened on. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * Returns what a browser may call this server. Any other name is one that somebody has pointed at this
 * address, so that their page is of the same origin.
 */
export function ownHosts(host: string, port: number): readonly string[] {
  const names = new Set([...LOOPBACK, inUrl(host)]);
  if (!isLoopback(host)) {
    names.add(hostname().toLowerCase());
    for (const addresses of Object.values(networkInterfaces())) {
      for (const { address } of addresses ?? []) names.add(inUrl(address.replace(/%.*$/, "")));
    }
  }
  // Browsers leave the port of the scheme out.
  return [...names].flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
}

/** Writes a host as it is in URLs. */
export function inUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host.toLowerCase();
}
