import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Permission, Session } from "../contract.ts";

/** Holds the session for all that is below it. */
export const SessionContext = createContext<Session | null>(null);

const ORDER: readonly Permission[] = ["read", "operate", "destroy"];

/** Who asks, and what the pages know of the server. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("useSession is called outside of the shell.");
  return session;
}

/** Whether the person may do what needs `permission`. The server decides; this hides what it would refuse. */
export function useMay(permission: Permission): boolean {
  return ORDER.indexOf(useSession().may) >= ORDER.indexOf(permission);
}
