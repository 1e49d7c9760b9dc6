import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { RequestError } from "../api/problem.ts";
import { CSRF_HEADER } from "../contract.ts";

/** 32 random bytes. */
const KEY = /^[A-Za-z0-9_-]{43}$/;

/** What the pages send back, and the cookie that it belongs to. */
export interface CsrfPair {
  /** For the header. */
  readonly token: string;
  /** `Set-Cookie` of a new key; `undefined` if the browser has one. */
  readonly setCookie: string | undefined;
}

/**
 * Refuses a change that another site may have made a person's browser ask for.
 *
 * A browser says who asks: `Sec-Fetch-Site`, or at least `Origin`. A tenant's subdomain is the same *site*
 * as the console, so only the same *origin* will do. The token comes on top of it: the cookie, which no
 * script can read, holds a key; the token is the person's name under that key, so that one person's does
 * not do for another. Nothing of it is stored here: any process can check what another one gave.
 *
 * What has neither of those headers and no cookie is no browser that acts in somebody's name: a program
 * with a credential of its own, which another site cannot make it use. It needs no token.
 *
 * @throws RequestError `CSRF`
 */
export function checkCsrf(
  request: Request,
  person: string,
  options: { readonly basePath: string; readonly origins: readonly string[] },
): void {
  const { headers } = request;
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  if (site === null && origin === null && headers.get("cookie") === null) return;
  if (site === null ? !isOwnOrigin(request, origin, options.origins) : site !== "same-origin") {
    // An address of the console that its own process does not know, behind a proxy that changes the host.
    const isKnown = origin !== null && options.origins.includes(origin);
    if (!isKnown) throw new RequestError("CSRF", "The request comes from another site.");
  }
  const key = readKey(request, options.basePath);
  const given = Buffer.from(headers.get(CSRF_HEADER) ?? "");
  const wanted = Buffer.from(key === undefined ? "" : tokenOf(key, person));
  const isRight =
    wanted.length > 0 && given.length === wanted.length && timingSafeEqual(given, wanted);
  if (!isRight) {
    throw new RequestError(
      "CSRF",
      `The header \`${CSRF_HEADER}\` does not have the token of \`GET api/session\`.`,
    );
  }
}

/** Returns the token of a person, under the browser's key or a new one. */
export function csrfPair(request: Request, person: string, basePath: string): CsrfPair {
  const known = readKey(request, basePath);
  if (known !== undefined) return { setCookie: undefined, token: tokenOf(known, person) };
  const key = randomBytes(32).toString("base64url");
  const { name, path, secure } = cookieFor(request, basePath);
  const setCookie = `${name}=${key}; Path=${path}; HttpOnly; SameSite=Strict${secure}`;
  return { setCookie, token: tokenOf(key, person) };
}

function tokenOf(key: string, person: string): string {
  return createHmac("sha256", key).update(person).digest("base64url");
}

/** Old browsers say nothing but the origin; its scheme may be another one behind a proxy. */
function isOwnOrigin(request: Request, origin: string | null, origins: readonly string[]): boolean {
  // A cookie alone: a browser that hides what it is, or a program that pretends to be one.
  if (origin === null) return true;
  if (origins.includes(origin)) return true;
  const host = request.headers.get("host") ?? new URL(request.url).host;
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

function readKey(request: Request, basePath: string): string | undefined {
  const { name } = cookieFor(request, basePath);
  const values = (request.headers.get("cookie") ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  // Two of one name: somebody else has put one there.
  const [value] = values;
  return values.length === 1 && value !== undefined && KEY.test(value) ? value : undefined;
}

/** With the prefix, no tenant's subdomain can set it for the host of the console; it needs TLS. */
function cookieFor(
  request: Request,
  basePath: string,
): { readonly name: string; readonly path: string; readonly secure: string } {
  return isSecure(request)
    ? { name: "__Host-kirayedar-csrf", path: "/", secure: "; Secure" }
    : { name: "kirayedar-csrf", path: basePath || "/", secure: "" };
}

/** Whoever lies about it has another cookie, and nothing else. */
function isSecure(request: Request): boolean {
  const [forwarded = ""] = (request.headers.get("x-forwarded-proto") ?? "").split(",");
  return new URL(request.url).protocol === "https:" || forwarded.trim() === "https";
}
