import type {
  DomainRequest,
  DomainView,
  NewTenantRequest,
  Session,
  SlugCheck,
  TableList,
  TenantActionRequest,
  TenantDetails,
  TenantList,
  TenantSummary,
  TenantUpdateRequest,
} from "../../contract.ts";
import { TENANT_STATES } from "../../../core/tenant.ts";
import {
  BOOLEAN,
  COUNT,
  integer,
  list,
  nullable,
  object,
  oneOf,
  record,
  ref,
  type Schema,
  text,
  TIME,
} from "../schema.ts";

/** What a person may do; each word includes those before it. */
export const PERMISSIONS = ["read", "operate", "destroy"] as const;

/** What may be done with a tenant. */
export const ACTIONS = [
  "suspend",
  "resume",
  "maintenance",
  "rename",
  "migrate",
  "rollback",
  "seed",
  "drop",
] as const;

const SUMMARY = {
  createdAt: TIME,
  domains: list(text()),
  name: nullable(text()),
  schemaName: text(),
  server: text(),
  slug: text(),
  state: oneOf(TENANT_STATES),
  updatedAt: TIME,
  version: nullable(text()),
} as const;

const DNS = object<NonNullable<DomainView["challenge"]>["dns"]>({ name: text(), value: text() });
const HTTP = object<NonNullable<DomainView["challenge"]>["http"]>({ body: text(), url: text() });

/** Whether the slug was typed again. */
const CONFIRM = text({ maxLength: 200 });

/** Schemas of sessions, tenants and domains. */
export const TENANT_SCHEMAS: Readonly<Record<string, Schema>> = {
  DomainRequest: object<DomainRequest>(
    { domain: text({ maxLength: 253, minLength: 1 }), primary: BOOLEAN, trusted: BOOLEAN },
    ["primary", "trusted"],
  ),
  DomainView: object<DomainView>({
    challenge: nullable(
      object<NonNullable<DomainView["challenge"]>>({
        dns: DNS,
        http: HTTP,
        methods: list(oneOf(["dns", "http"])),
      }),
    ),
    checkedAt: nullable(TIME),
    createdAt: TIME,
    domain: text(),
    failingSince: nullable(TIME),
    isPrimary: BOOLEAN,
    method: nullable(oneOf(["dns", "http"])),
    state: oneOf(["pending", "trusted", "verified"]),
    verifiedAt: nullable(TIME),
  }),
  NewTenantRequest: object<NewTenantRequest>(
    {
      domains: list(text({ maxLength: 253, minLength: 1 }), { maxItems: 100 }),
      name: text({ maxLength: 200 }),
      seed: BOOLEAN,
      slug: text({ maxLength: 200, minLength: 1 }),
    },
    ["domains", "name", "seed"],
  ),
  Session: object<Session>({
    csrfToken: text(),
    engine: oneOf(["postgres", "mysql"]),
    extraColumns: list(text()),
    hasSeed: BOOLEAN,
    may: oneOf(PERMISSIONS),
    person: text(),
    primaryDomain: nullable(text()),
    tenantPrefix: text(),
    version: text(),
  }),
  SlugCheck: object<SlugCheck>({
    host: nullable(text()),
    ok: BOOLEAN,
    reason: nullable(text()),
    schemaName: nullable(text()),
    slug: text(),
  }),
  TableList: object<TableList>({
    tables: list(
      object<TableList["tables"][number]>({
        bytes: COUNT,
        estimatedRows: nullable(COUNT),
        name: text(),
      }),
    ),
  }),
  TenantDetails: object<TenantDetails>({
    ...SUMMARY,
    actions: list(oneOf(ACTIONS)),
    domainList: list(ref<DomainView>("DomainView")),
    extra: record(true),
    health: nullable(
      object<NonNullable<TenantDetails["health"]>>({
        healthy: BOOLEAN,
        pending: list(text()),
        schemaExists: BOOLEAN,
        tableCount: COUNT,
      }),
    ),
    healthError: nullable(text()),
    hosts: list(text()),
    id: text(),
  }),
  TenantList: object<TenantList>({
    nextCursor: nullable(text()),
    tenants: list(ref<TenantSummary>("TenantSummary")),
    total: nullable(COUNT),
  }),
  TenantSummary: object<TenantSummary>(SUMMARY),
  TenantUpdateRequest: object<TenantUpdateRequest>({ name: nullable(text({ maxLength: 200 })) }, [
    "name",
  ]),
};

/** What each action needs to be told; the rest of {@link TenantActionRequest} is refused. */
export const ACTION_SCHEMAS: Readonly<Record<(typeof ACTIONS)[number], Schema>> = {
  drop: pick(["confirm"], ["confirm"]),
  maintenance: pick([]),
  migrate: pick([]),
  rename: pick(["renameSchema", "slug"], ["slug"]),
  resume: pick([]),
  rollback: pick(["confirm", "steps"], ["confirm"]),
  seed: pick([]),
  suspend: pick([]),
};

/** Some of the fields of {@link TenantActionRequest}. A `confirm` that is not needed does no harm. */
function pick(
  names: readonly (keyof TenantActionRequest)[],
  required: readonly (keyof TenantActionRequest)[] = [],
): Schema {
  const all: Readonly<Record<keyof TenantActionRequest, Schema>> = {
    confirm: CONFIRM,
    renameSchema: BOOLEAN,
    slug: text({ maxLength: 200, minLength: 1 }),
    steps: integer(1, 1000),
  };
  const taken = new Set<keyof TenantActionRequest>([...names, "confirm"]);
  const properties = Object.fromEntries([...taken].map((name) => [name, all[name]]));
  return { additionalProperties: false, properties, required: [...required], type: "object" };
}
