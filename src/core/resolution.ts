import type { Tenant } from "./tenant.ts";

/** The part of a request that resolvers look at. Header names are lower case. */
export interface ResolveRequest {
  /** The `Host` header as received; several, if the request had several. */
  readonly host?: string | readonly string[] | undefined;
  /** Path with query string, such as `"/t/acme/notes?page=2"`. */
  readonly url?: string | undefined;
  /** All headers, or a function that returns one by lower-case name. */
  readonly headers?:
    | Readonly<Record<string, string | readonly string[] | undefined>>
    | ((name: string) => string | null | undefined)
    | undefined;
  /** The framework's own request, for resolvers that are functions. */
  readonly raw?: unknown;
}

/** What one resolver says of a request. `undefined`: it has no opinion. */
export type Identification =
  | { readonly kind: "slug"; readonly slug: string; readonly strippedUrl?: string | undefined }
  | { readonly kind: "id"; readonly id: string; readonly strippedUrl?: string | undefined }
  /** A tenant only if the registry has this domain; no opinion otherwise, or the fallback slug. */
  | { readonly kind: "domain"; readonly domain: string; readonly fallbackSlug?: string | undefined }
  | { readonly kind: "global" }
  | { readonly kind: "invalid"; readonly reason: string }
  | undefined;

/** What resolvers may know of the configuration; host names are normalised. */
export interface ResolverSettings {
  /** See `TenancyConfig`. */
  readonly primaryDomain: string | undefined;
  /** See `TenancyConfig`. */
  readonly adminHosts: ReadonlySet<string>;
  /** See `TenancyConfig`. */
  readonly slugFallback: boolean;
}

/** One way in which a request may name its tenant. Reads the request, does no I/O. */
export interface Resolver {
  /** For messages, such as `"host"` or `"header x-tenant"`. */
  readonly name: string;
  /** Says which tenant the request names, if any. */
  identify(
    request: ResolveRequest,
    settings: ResolverSettings,
  ): Identification | Promise<Identification>;
}

/** What a request resolved to. Only the framework adapters turn it into HTTP. */
export type Resolution =
  | {
      readonly kind: "tenant";
      readonly tenant: Tenant;
      /** URL without the path prefix that named the tenant, when a path resolver did. */
      readonly strippedUrl?: string | undefined;
    }
  | { readonly kind: "global" }
  /** Nobody named a tenant, or one that does not exist. `name` is what was named, if anything. */
  | { readonly kind: "unknown"; readonly name?: string | undefined }
  /** Two resolvers named different tenants. */
  | { readonly kind: "conflict"; readonly names: readonly string[] }
  | { readonly kind: "suspended"; readonly tenant: Tenant }
  | { readonly kind: "maintenance"; readonly tenant: Tenant }
  /** Being made, or failed while being made. */
  | { readonly kind: "provisioning"; readonly tenant: Tenant }
  /** The request itself is malformed. */
  | { readonly kind: "invalid"; readonly reason: string };

/** A value, or a promise of it: lookups that are cached answer at once. */
export type MaybePromise<T> = T | Promise<T>;
