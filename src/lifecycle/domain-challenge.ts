import { createHash, randomBytes } from "node:crypto";
import type { DomainRow } from "../core/domain-sql.ts";
import type { Domain, DomainChallenge } from "../core/domains.ts";
import type { Settings } from "../core/settings.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

/** The longest name that can be asked for. */
const MAX_NAME = 253;

/** Makes the token of a claim: 128 random bits, so that nobody publishes it who was not told. */
export function createToken(): string {
  return randomBytes(16).toString("hex");
}

/** Returns what the owner of a domain has to publish for a claim. */
export function challengeOf(
  domain: string,
  token: string,
  { label, methods }: Pick<Settings["domains"], "label" | "methods">,
): DomainChallenge {
  const purpose = label.replace(/^_/, "");
  const text = `${purpose}-verify=${token}`;
  // ISOLATION: the path must not tell the text, or a server that repeats what it was asked for in its
  // answer would verify whatever is claimed. unit/lifecycle/domain-challenge.test.ts
  const file = createHash("sha256").update(token).digest("hex").slice(0, 16);
  return {
    dns: { name: `${label}.${domain}`, value: text },
    http: { body: text, url: `http://${domain}/.well-known/${purpose}-${file}.txt` },
    methods,
  };
}

/** Refuses a domain whose record would have too long a name. @throws TenancyError `INVALID_DOMAIN` */
export function checkRecordName(domain: string, label: string): void {
  if (label.length + 1 + domain.length <= MAX_NAME) return;
  throw new TenancyError("INVALID_DOMAIN", "The domain is too long for a record below it.");
}

/** Makes a domain of its row; `first` is the one that stands in front. */
export function toDomain(
  row: DomainRow,
  first: DomainRow | undefined,
  config: Pick<Settings["domains"], "label" | "methods">,
): Domain {
  const { checkedAt, createdAt, domain, failingSince, isServed, method, token, verifiedAt } = row;
  const isVerified = isServed && verifiedAt !== null;
  return {
    challenge: token === null ? null : challengeOf(domain, token, config),
    checkedAt,
    createdAt,
    domain,
    failingSince,
    isPrimary: isServed && domain === first?.domain,
    method: isVerified ? method : null,
    state: isVerified ? "verified" : isServed ? "trusted" : "pending",
    verifiedAt: isVerified ? verifiedAt : null,
  };
}
