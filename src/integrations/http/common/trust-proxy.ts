import { BlockList, isIP } from "node:net";
import { TenancyError } from "../../../errors/tenancy-error.ts";

/** Whose `X-Forwarded-Host` counts. */
export type TrustProxy =
  | boolean
  | readonly string[]
  | ((remoteAddress: string | undefined) => boolean);

/**
 * Returns a function that tells whether the peer with an address may name the host. An unknown
 * address (a Unix socket, a runtime that does not tell) is on no list.
 *
 * @throws TenancyError `INVALID_CONFIG` for what is no address or network
 */
export function compileTrustProxy(
  trustProxy: TrustProxy,
): (remoteAddress: string | undefined) => boolean {
  if (typeof trustProxy === "boolean") return () => trustProxy;
  if (typeof trustProxy === "function") {
    return (address) => {
      const isTrusted: unknown = trustProxy(address);
      // A promise, or another truthy value of a careless function, trusts nobody.
      return isTrusted === true;
    };
  }
  if (!Array.isArray(trustProxy)) throw invalid(trustProxy);
  const list = new BlockList();
  for (const entry of trustProxy as readonly unknown[]) add(list, entry);
  return (address) => {
    if (address === undefined) return false;
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? "ipv4" : "ipv6");
  };
}

function add(list: BlockList, entry: unknown): void {
  if (typeof entry !== "string") throw invalid(entry);
  const [address = "", bits, ...rest] = entry.split("/");
  const family = isIP(address);
  if (family === 0 || address.includes("%") || rest.length > 0) throw invalid(entry);
  const type = family === 4 ? "ipv4" : "ipv6";
  if (bits === undefined) {
    list.addAddress(plainAddress(address), isIP(plainAddress(address)) === 4 ? "ipv4" : "ipv6");
    return;
  }
  const prefix = /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(prefix <= (family === 4 ? 32 : 128))) throw invalid(entry);
  list.addSubnet(address, prefix, type);
}

/** A dual-stack socket reports IPv4 peers as `::ffff:10.0.0.1`, and link-local ones with a zone. */
function plainAddress(address: string): string {
  const withoutZone = address.replace(/%.*$/, "");
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.[1] ?? withoutZone;
}

function invalid(entry: unknown): TenancyError {
  const shown = typeof entry === "string" ? JSON.stringify(entry) : `of type ${typeof entry}`;
  return new TenancyError(
    "INVALID_CONFIG",
    `The entry ${shown} of \`trustProxy\` is neither an address nor a network.`,
  );
}
