import { type Decision, decide, SKIPPED } from "../common/decide.ts";
import { splitList } from "../common/node-request.ts";
import type { HttpTenancy } from "../common/options.ts";
import { refusalFor } from "../common/status.ts";
import { TARGET_HEADER, type TargetSigner } from "./signed-target.ts";

/** The part of `Headers`, and of what Next's `headers()` gives, that is read here. */
export interface HeadersLike {
  /** Returns a header's value. */
  get(name: string): string | null;
}

/** What decides requests of one application. */
export interface NextSettings {
  readonly tenancy: HttpTenancy;
  readonly signer: TargetSigner;
  readonly onUnknown: "respond" | "pass";
  readonly trustProxy: boolean;
}

/** The host that a request names, by the same rules as in the other adapters. */
export function hostOf(headers: HeadersLike, trustProxy: boolean): string | readonly string[] {
  const hosts = splitList(headers.get("host") ?? "");
  const forwarded = headers.get("x-forwarded-host");
  // ISOLATION: anybody can send this header, and Next sets it where nobody did. unit/http/next.test.ts
  const named =
    forwarded === null || hosts.length > 1 || !trustProxy ? hosts : splitList(forwarded);
  const [first] = named;
  return named.length === 1 && first !== undefined ? first : named;
}

/**
 * Decides what to do with the request that a page, an action or a route handler serves: always by the
 * host, and by the path that `proxy.ts` has signed if there is one.
 *
 * @param url - path and query, where they can be seen
 */
export async function decideNext(
  settings: NextSettings,
  headers: HeadersLike,
  how: { readonly raw: unknown; readonly url: string | undefined },
): Promise<Decision> {
  const { onUnknown, signer, tenancy, trustProxy } = settings;
  const signed = headers.get(TARGET_HEADER);
  const host = hostOf(headers, trustProxy);
  let { url } = how;
  if (signed !== null) {
    url = await signer.verify(String(host), signed);
    if (url === undefined) {
      const refusal = refusalFor("invalid", { kind: "invalid", reason: "a header of our own" });
      tenancy.logger.warn(
        { header: TARGET_HEADER },
        "request refused: not signed here; `proxy.ts` in another process needs the same `secret`",
      );
      return { ...SKIPPED, refusal };
    }
  }
  const read = { headers: (name: string) => headers.get(name), host, raw: how.raw, url };
  return decide(tenancy, read, onUnknown);
}
