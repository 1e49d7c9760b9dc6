import type { Permission } from "../contract.ts";
import { PERMISSIONS } from "../api/schemas/tenants.ts";
import { parseActor } from "../../tenancy/actors.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";

/** Somebody who may use the console. */
export interface AdminPerson {
  /** Who it is, for the audit log: an e-mail address or a user's id, 1 to 200 characters. */
  readonly person: string;
  /**
   * What they may do: `read` sees everything, `operate` changes, `destroy` drops tenants and rolls
   * migrations back.
   */
  readonly may: Permission;
}

/**
 * Tells who sends a request, and what they may do; `null` if nobody may know. Asked for each request, in
 * the global scope. It must look at a credential, such as the session cookie of the application's own
 * sign-in; what it throws is answered with 500, and lets nobody in.
 *
 * @param request - as Fetch has it; its body belongs to the console
 * @param raw - the framework's own request, with what middleware in front has put into it: Node's or
 *   Express' behind `toNodeListener`, Fastify's request, Koa's context; else `undefined`
 */
export type Authorize = (
  request: Request,
  raw: unknown,
) => AdminPerson | null | Promise<AdminPerson | null>;

/** Checks what the application's function returned. @throws TenancyError `INVALID_CONFIG` */
export function parsePerson(answer: unknown): AdminPerson | null {
  // Everything but `null` has to be right: `true`, or a user that was found, says nothing of what they may.
  if (answer === null || answer === undefined) return null;
  const { may, person } = answer as { readonly may?: unknown; readonly person?: unknown };
  const permission = PERMISSIONS.find((known) => known === may);
  if (typeof person === "string" && isActor(person) && permission !== undefined) {
    return { may: permission, person };
  }
  throw new TenancyError(
    "INVALID_CONFIG",
    "The console's `authorize` returned neither `null` nor `{ person, may }`.",
    { remedy: 'Return a name of 1 to 200 characters, and "read", "operate" or "destroy".' },
  );
}

/** Whether the audit log can hold a name. */
function isActor(id: string): boolean {
  try {
    parseActor({ id, via: "console" });
    return true;
  } catch {
    return false;
  }
}
