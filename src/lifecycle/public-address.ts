import { BlockList, isIP } from "node:net";

/** What is no address of the public internet, or stands for another one that may not be. */
const PRIVATE_V4: readonly (readonly [network: string, prefix: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** Within the one network that is given out, 2000::/3. */
const SPECIAL_V6: readonly (readonly [network: string, prefix: number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

/**
 * Whether an address is one of the public internet. Those that hold an IPv4 address inside (mapped, 6to4,
 * Teredo) are not: they would lead around the list. Behind the translation that networks without IPv4 have,
 * it is the address inside that counts.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !lists().v4.check(address, "ipv4");
    case 6: {
      // A zone is one of this machine.
      if (address.includes("%")) return false;
      const translated = translatedOf(address);
      if (translated !== undefined) return isPublicAddress(translated);
      return lists().global.check(address, "ipv6") && !lists().v6.check(address, "ipv6");
    }
    default:
      return false;
  }
}

/**
 * Returns the IPv4 address that a name server of a network without IPv4 has put into one of IPv6.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6052#section-2.1
 */
function translatedOf(address: string): string | undefined {
  const { hostname } = new URL(`http://[${address}]/`);
  const [, high, low] = /^\[64:ff9b::([\da-f]+):([\da-f]+)\]$/.exec(hostname) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const number = Number.parseInt(high, 16) * 0x1_00_00 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join(".");
}

interface Lists {
  readonly v4: BlockList;
  readonly v6: BlockList;
  readonly global: BlockList;
}

let made: Lists | undefined;

function lists(): Lists {
  if (made === undefined) {
    made = { global: new BlockList(), v4: new BlockList(), v6: new BlockList() };
    for (const [network, prefix] of PRIVATE_V4) made.v4.addSubnet(network, prefix, "ipv4");
    for (const [network, prefix] of SPECIAL_V6) made.v6.addSubnet(network, prefix, "ipv6");
    made.global.addSubnet("2000::", 3, "ipv6");
  }
  return made;
}
