import { promises as dns } from "node:dns";
import type { LookOutcome } from "../core/domain-sql.ts";
import type { DomainChallenge, DomainMethod } from "../core/domains.ts";
import type { Settings } from "../core/settings.ts";
import { fetchFile, NotPublicError } from "./domain-file.ts";

/** What one look came to. */
export interface Look {
  /** Whether it is there, is not, or nobody knows. */
  readonly outcome: LookOutcome;
  /** Where it was found. */
  readonly method: DomainMethod | null;
  /** What was looked for and what was found, in sentences; safe to show. */
  readonly reason: string;
}

type Part = Pick<Look, "outcome" | "reason">;

/** Codes by which a DNS server says that there is nothing, as against saying nothing. */
const NOTHING: ReadonlySet<string> = new Set(["ENODATA", "ENOTFOUND"]);

/**
 * Codes by which a GET fails because of the host that was asked. All others, such as those of a name
 * server or of this machine's own network, tell nothing of it.
 */
const OF_THE_HOST: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENODATA",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "NO_ANSWER",
]);

/**
 * Looks for what the owner of a domain has to publish: in one place after the other, until it is found.
 * Never rejects.
 *
 * It is `missing` only if all who were asked said so. A name server that does not answer, or answers that
 * it cannot tell, does not say that a record is gone.
 *
 * @param first - the place to look in first: where it was before
 */
export async function lookFor(
  challenge: DomainChallenge,
  config: Settings["domains"],
  first: DomainMethod | null,
): Promise<Look> {
  const parts: Part[] = [];
  const methods = config.methods.toSorted((a, b) => Number(b === first) - Number(a === first));
  for (const method of methods) {
    const part = await LOOKS[method](challenge, config);
    if (part.outcome === "found") return { ...part, method };
    parts.push(part);
  }
  const isKnown = parts.every(({ outcome }) => outcome === "missing");
  return {
    method: null,
    outcome: isKnown ? "missing" : "unknown",
    reason: parts.map(({ reason }) => reason).join(" "),
  };
}

const LOOKS: Readonly<
  Record<DomainMethod, (challenge: DomainChallenge, config: Settings["domains"]) => Promise<Part>>
> = { dns: lookForRecord, http: lookForFile };

async function lookForRecord(
  { dns: { name, value } }: DomainChallenge,
  { resolver, timeoutMs }: Settings["domains"],
): Promise<Part> {
  const sought = `The TXT record "${name}" with the text "${value}"`;
  try {
    const records = await within(timeoutMs, (signal) =>
      resolver === undefined ? resolveTxt(name, timeoutMs, signal) : resolver.resolveTxt(name),
    );
    // A long text comes in parts. Some editors take the quotation marks of a manual for the text's own.
    const texts = records.map((parts) =>
      parts
        .join("")
        .trim()
        .replace(/^"(.*)"$/s, "$1")
        .trim(),
    );
    if (texts.includes(value)) return { outcome: "found", reason: `${sought} is there.` };
    return {
      outcome: "missing",
      reason:
        texts.length === 0
          ? `${sought} is not there.`
          : `${sought} is not there; there is ${listTexts(texts)}.`,
    };
  } catch (error) {
    const code = codeOf(error);
    if (NOTHING.has(code)) return { outcome: "missing", reason: `${sought} is not there.` };
    return { outcome: "unknown", reason: `${sought} could not be looked up (${code}).` };
  }
}

async function lookForFile(
  { http: { body, url } }: DomainChallenge,
  { fetch = fetchFile, timeoutMs }: Settings["domains"],
): Promise<Part> {
  const sought = `The file ${url} with the text "${body}"`;
  try {
    const found = await within(timeoutMs, (signal) => fetch(url, signal));
    if (found.status === 200 && found.body.trim() === body) {
      return { outcome: "found", reason: `${sought} is there.` };
    }
    const answer =
      found.status === 200 ? "there is another text" : `the answer has the status ${found.status}`;
    return { outcome: "missing", reason: `${sought} is not there; ${answer}.` };
  } catch (error) {
    const code = codeOf(error);
    if (error instanceof NotPublicError) {
      return { outcome: "missing", reason: `${sought} is not there; the host is not public.` };
    }
    // The last two are those of the parser, and of `fetch`.
    const isOfTheHost = OF_THE_HOST.has(code) || /^(?:HPE|UND_ERR)_/.test(code);
    const outcome = isOfTheHost ? "missing" : "unknown";
    return { outcome, reason: `${sought} could not be read (${code}).` };
  }
}

/** The machine's own name servers, as they are configured now. A question that is late keeps no process. */
async function resolveTxt(
  name: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string[][]> {
  const resolver = new dns.Resolver({ timeout: Math.ceil(timeoutMs / 2), tries: 2 });
  signal.addEventListener("abort", () => {
    resolver.cancel();
  });
  return await resolver.resolveTxt(name);
}

/** Whether or not what is called heeds the signal, the answer is awaited for so long only. */
async function within<T>(ms: number, fn: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(Object.assign(new Error("Nobody answered in time."), { code: "NO_ANSWER" }));
      controller.abort();
    }, ms);
  });
  try {
    return await Promise.race([fn(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The text is from the internet: a part of it, without anything that a terminal would obey. */
function listTexts(texts: readonly string[]): string {
  const shown = texts
    .slice(0, 3)
    .map((text) => `"${text.slice(0, 100).replaceAll(/[^\u0020-\u007e]|["\\]/g, "?")}"`);
  const more = texts.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function codeOf(error: unknown): string {
  const { cause, code, name } = (error ?? {}) as {
    cause?: { code?: unknown } | null;
    code?: unknown;
    name?: unknown;
  };
  // `fetch` has the code of a failed connection in its cause.
  const found = [code, cause?.code, name].find((one) => typeof one === "string");
  return typeof found === "string" && /^[\w-]{1,40}$/.test(found) ? found : "unknown error";
}
