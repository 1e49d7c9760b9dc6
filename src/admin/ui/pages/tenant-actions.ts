import type { Permission, TenantAction, TenantDetails } from "../../contract.ts";

/** What the page says of an action. */
export interface ActionWords {
  /** On its button. */
  readonly label: string;
  /** What it does, in a sentence. */
  readonly about: string;
  /** What a person must be allowed to do. */
  readonly needs: Permission;
}

/** Every action, in the order in which they are offered. */
export const TENANT_ACTIONS: Readonly<Record<TenantAction, ActionWords>> = {
  suspend: {
    about: "Answers its requests with 403. Its data stay.",
    label: "Suspend",
    needs: "operate",
  },
  maintenance: {
    about: "Answers its requests with 503, until it is resumed.",
    label: "Start maintenance",
    needs: "operate",
  },
  resume: { about: "Serves the tenant again.", label: "Resume", needs: "operate" },
  migrate: { about: "Applies its pending migrations.", label: "Migrate", needs: "operate" },
  seed: {
    about: "Runs the configured seed in its schema, in one transaction.",
    label: "Seed",
    needs: "operate",
  },
  rename: {
    about: "Changes its slug, and with it its host; its schema too, if you like.",
    label: "Rename…",
    needs: "operate",
  },
  rollback: {
    about: "Undoes its newest migrations. What they added is lost.",
    label: "Roll back…",
    needs: "destroy",
  },
  drop: {
    about: "Removes the tenant, its schema and all of its data, for good.",
    label: "Drop…",
    needs: "destroy",
  },
};

const ALLOWED_FROM: Partial<Record<TenantAction, readonly string[]>> = {
  maintenance: ["active"],
  resume: ["suspended", "maintenance"],
  suspend: ["active"],
};

const GRADES: readonly Permission[] = ["read", "operate", "destroy"];

/** Tells whether a person who may do `may` may do what needs `needs`. */
export function includes(may: Permission, needs: Permission): boolean {
  return GRADES.indexOf(may) >= GRADES.indexOf(needs);
}

/**
 * Says why an action cannot be done now; `null` if it can. The server's list decides; what is said
 * here is only why.
 */
export function whyNot(
  action: TenantAction,
  tenant: Pick<TenantDetails, "actions" | "state"> & {
    readonly health: Pick<NonNullable<TenantDetails["health"]>, "pending"> | null;
    readonly version: string | null;
  },
  session: { readonly may: Permission; readonly hasSeed: boolean },
): string | null {
  const { needs } = TENANT_ACTIONS[action];
  if (!includes(session.may, needs)) return `You may ${session.may}; this needs “${needs}”.`;
  if (action === "seed" && !session.hasSeed) return "No seed is configured.";
  if (tenant.actions.includes(action)) return idle(action, tenant);
  const states = ALLOWED_FROM[action];
  return states === undefined
    ? `Not while it is ${stateWords(tenant.state)}.`
    : `Only of a tenant that is ${states.map(stateWords).join(" or ")}; this one is ${stateWords(tenant.state)}.`;
}

/** A state as it stands after "it is". */
function stateWords(state: string): string {
  const words: Readonly<Record<string, string>> = {
    dropping: "being dropped",
    failed: "half-made",
    maintenance: "in maintenance",
    provisioning: "being created",
    renaming: "being renamed",
  };
  return words[state] ?? state;
}

/** What could be done, and would change nothing. */
function idle(action: TenantAction, tenant: Parameters<typeof whyNot>[1]): string | null {
  if (action === "migrate" && tenant.health?.pending.length === 0) return "Nothing is pending.";
  if (action === "rollback" && tenant.version === null) return "No migration is applied.";
  return null;
}
