/** What a host turned out to be. */
export type NormalizedHost =
  /** A name: lower case, ASCII, without port and trailing dot. */
  | { readonly kind: "name"; readonly host: string }
  /** An IPv4 or IPv6 address, in whatever notation. */
  | { readonly kind: "address" }
  /** Neither. `reason` says why, and repeats nothing of it. */
  | { readonly kind: "invalid"; readonly reason: string };

const MAX_NAME = 253;
const MAX_LABEL = 63;
/** The longest name, a port, a dot; characters beyond ASCII only make it longer. */
const MAX_RAW = 260;

const ADDRESS: NormalizedHost = Object.freeze({ kind: "address" });

/**
 * Brings a host, as a `Host` header or a configuration has it, into the one form that is compared.
 *
 * International names become ASCII. Nothing else is mended: what is written in characters that
 * only stand for others (`ⓐcme`, percent escapes, zero-width ones) is invalid, not `acme`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1123#section-2.1 (names)
 * @see https://url.spec.whatwg.org/#host-parsing (addresses, international names)
 */
export function normalizeHost(raw: string): NormalizedHost {
  if (isClean(raw)) return { host: raw, kind: "name" };
  if (raw === "") return invalid("is empty");
  if (raw.length > MAX_RAW) return invalid("is too long");
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020\u007f]/.test(raw)) return invalid("has a space or control character");
  if (isAddressV6(raw)) return ADDRESS;
  const { name, port } = splitPort(raw);
  if (!/^\d{0,5}$/.test(port) || Number(port) > 65_535) return invalid("has a malformed port");
  return normalizeName(name.endsWith(".") ? name.slice(0, -1) : name);
}

function normalizeName(name: string): NormalizedHost {
  const host = toAscii(name);
  if (host === undefined) return invalid("has characters that no host name has");
  const labels = host.split(".");
  if (labels.includes("")) return invalid("has an empty label");
  if (host.length > MAX_NAME || labels.some(({ length }) => length > MAX_LABEL)) {
    return invalid("is too long");
  }
  // What ends in a number is an address or nothing: browsers and resolvers read it so.
  if (/^(?:\d+|0x[\da-f]*)$/.test(labels.at(-1) ?? "")) {
    return hostnameOf(host) === undefined ? invalid("is a malformed address") : ADDRESS;
  }
  if (labels.some((label) => label.startsWith("xn--")) && hostnameOf(host) !== host) {
    return invalid("has a malformed international label");
  }
  return { host, kind: "name" };
}

/** Returns the name in lower-case ASCII; `undefined` if a character would have to be mended. */
function toAscii(name: string): string | undefined {
  const lower = name.toLowerCase();
  // oxlint-disable-next-line no-control-regex -- the range of ASCII
  if (/^[\u0000-\u007f]*$/.test(name)) return /^[a-z\d._-]*$/.test(lower) ? lower : undefined;
  // ISOLATION: a letter that stands for another one would reach the other one's tenant. unit/resolvers/normalize-host.test.ts
  if (name.normalize("NFKC") !== name || /[\p{C}\p{Z}\p{DI}]/u.test(name)) return undefined;
  const ascii = hostnameOf(lower);
  if (ascii === undefined || !/^[a-z\d._-]*$/.test(ascii)) return undefined;
  const labels = lower.split(".");
  const converted = ascii.split(".");
  const isFaithful =
    labels.length === converted.length &&
    labels.every((label, index) => {
      const to = converted[index];
      return /^[a-z\d_-]*$/.test(label) ? to === label : to?.startsWith("xn--");
    });
  return isFaithful ? ascii : undefined;
}

function isAddressV6(raw: string): boolean {
  const bracketed = /^(\[[^\]]*\])(?::\d{0,5})?$/.exec(raw)?.[1];
  if (bracketed !== undefined) return hostnameOf(bracketed) !== undefined;
  // Some frameworks take the brackets off.
  return raw.indexOf(":") !== raw.lastIndexOf(":") && hostnameOf(`[${raw}]`) !== undefined;
}

function splitPort(raw: string): { name: string; port: string } {
  const colon = raw.indexOf(":");
  return colon < 0
    ? { name: raw, port: "" }
    : { name: raw.slice(0, colon), port: raw.slice(colon + 1) };
}

function hostnameOf(host: string): string | undefined {
  const url = `http://${host}/`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

function invalid(what: string): NormalizedHost {
  return { kind: "invalid", reason: `the host ${what}` };
}

const DOT = 46;
const HYPHEN = 45;
const UNDERSCORE = 95;

/** Whether a host is in its normal form beyond doubt; one pass, and nothing is made. */
function isClean(raw: string): boolean {
  const { length } = raw;
  if (length === 0 || length > MAX_NAME) return false;
  let start = 0;
  for (let index = 0; index < length; index++) {
    const code = raw.charCodeAt(index);
    if (code === DOT) {
      if (index === start || index - start > MAX_LABEL) return false;
      start = index + 1;
    } else if (code === HYPHEN) {
      // `xn--` and its like are looked at closely.
      if (index - start === 3 && raw.charCodeAt(index - 1) === HYPHEN) return false;
    } else if (!(code >= 97 && code <= 122) && !isDigit(code) && code !== UNDERSCORE) {
      return false;
    }
  }
  return start < length && length - start <= MAX_LABEL && !isDigit(raw.charCodeAt(start));
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
