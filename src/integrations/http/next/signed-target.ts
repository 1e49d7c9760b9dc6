import { TenancyError } from "../../../errors/tenancy-error.ts";

/** Header by which `proxy.ts` tells pages and routes the path and query that the client asked for. */
export const TARGET_HEADER = "x-kirayedar-target";

const SLOT = Symbol.for("kirayedar.next.secret");
const encoder = new TextEncoder();

/** As the global `crypto` has it, which is of `lib.dom` or of Node. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Signs what `proxy.ts` hands on, and believes nothing else. */
export interface TargetSigner {
  /** Returns the value of the header for a request to a host, by the rules that name its tenant. */
  sign(host: string, target: string): Promise<string>;
  /** Returns the target that a header tells, or `undefined` if this did not sign it for this host. */
  verify(host: string, value: string): Promise<string | undefined>;
}

/**
 * Makes a signer.
 *
 * @param secret - at least 32 characters; by default random, and the same in all of this process
 * @throws TenancyError `INVALID_CONFIG` for a secret that is too short
 */
export function targetSigner(secret: string | undefined): TargetSigner {
  if (secret !== undefined && !(typeof secret === "string" && secret.length >= 32)) {
    throw new TenancyError("INVALID_CONFIG", "`secret` is a string of at least 32 characters.");
  }
  let key: Promise<Key> | undefined;
  const importKey = (): Promise<Key> =>
    (key ??= crypto.subtle.importKey(
      "raw",
      encoder.encode(secret ?? processSecret()),
      { hash: "SHA-256", name: "HMAC" },
      false,
      ["sign", "verify"],
    ));
  const message = (host: string, target: string): Uint8Array<ArrayBuffer> =>
    encoder.encode(`${host}\n${target}`);
  return {
    sign: async (host, target) => {
      const signature = await crypto.subtle.sign("HMAC", await importKey(), message(host, target));
      return `${toBase64(encoder.encode(target))}.${toBase64(new Uint8Array(signature))}`;
    },
    // ISOLATION: pages cannot see the path that was asked for, so they have to take it from a header;
    // a path that `proxy.ts` does not match would let anybody send one. unit/http/next.test.ts
    verify: async (host, value) => {
      const [target, signature, ...rest] = value.split(".").map(fromBase64);
      if (target === undefined || signature === undefined || rest.length > 0) return undefined;
      const text = new TextDecoder().decode(target);
      const bytes = message(host, text);
      const isOurs = await crypto.subtle.verify("HMAC", await importKey(), signature, bytes);
      return isOurs ? text : undefined;
    },
  };
}

/** One for every bundle of this process. */
function processSecret(): string {
  const holder = globalThis as { [SLOT]?: string };
  return (holder[SLOT] ??= toBase64(crypto.getRandomValues(new Uint8Array(32))));
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text, "base64url"));
}
