import type { NewTenantRequest } from "../../contract.ts";
import type { ApiError } from "../api.ts";

/** What has been typed into the form. */
export interface TenantDraft {
  readonly slug: string;
  readonly name: string;
  /** One for each line of the form; empty ones are left out. */
  readonly domains: readonly string[];
  readonly seed: boolean;
}

/** What the form begins with. */
export const EMPTY_DRAFT: TenantDraft = { slug: "", name: "", domains: [""], seed: true };

/** What a server says of a failure, be it of a request or of an operation. */
export type ServerError = Pick<ApiError, "code" | "message">;

/** Where an error belongs: at a field, at one of the domains, or at none. */
export interface DraftErrors {
  readonly slug?: string;
  readonly name?: string;
  /** By the index of the line. */
  readonly domains?: Readonly<Record<number, string>>;
  /** What belongs to no field. */
  readonly form?: ServerError;
}

const SLUG_CODES: readonly string[] = [
  "INVALID_SCHEMA_NAME",
  "INVALID_TENANT_ID",
  "SCHEMA_EXISTS",
  "TENANT_EXISTS",
];

const DOMAIN_CODES: readonly string[] = ["DOMAIN_TAKEN", "DOMAIN_UNVERIFIED", "INVALID_DOMAIN"];

/** The request that a draft stands for. */
export function draftToRequest(draft: TenantDraft, hasSeed: boolean): NewTenantRequest {
  const name = draft.name.trim();
  const domains = draft.domains.map((domain) => domain.trim()).filter((domain) => domain !== "");
  return {
    slug: draft.slug.trim(),
    ...(name === "" ? {} : { name }),
    ...(domains.length === 0 ? {} : { domains }),
    ...(hasSeed ? { seed: draft.seed } : {}),
  };
}

/** Puts what the server said where it belongs. */
export function placeError(error: ServerError, draft: TenantDraft): DraftErrors {
  if (SLUG_CODES.includes(error.code)) return { slug: error.message };
  if (!DOMAIN_CODES.includes(error.code)) return { form: error };
  const typed = draft.domains.map((domain) => domain.trim().toLowerCase());
  const named = typed.findIndex((domain) => domain !== "" && error.message.includes(domain));
  // The server names the domain as it stands in a certificate, which may be spelled in another way.
  const at = named === -1 ? typed.findIndex((domain) => domain !== "") : named;
  return { domains: { [Math.max(at, 0)]: error.message } };
}
