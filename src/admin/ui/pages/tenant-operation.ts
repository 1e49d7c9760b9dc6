import { useEffect, useRef, useState } from "preact/hooks";
import type { Operation, TenantAction, TenantActionRequest } from "../../contract.ts";
import { type ApiError, path, request } from "../api.ts";
import { toApiError } from "../components/confirm.tsx";
import { useKnownOperations, useOperation } from "../operations.ts";

/** What is done with a tenant, whoever does it. */
export interface TenantWork {
  /** The operation that is shown: running, or the last that ended here. */
  readonly operation: Operation | null;
  readonly isBusy: boolean;
  /** Why the last attempt was refused. */
  readonly refused: ApiError | null;
  /** Begins one; two clicks begin one. Rejects with what the server refused. */
  readonly begin: (action: TenantAction, body?: TenantActionRequest) => Promise<void>;
  /** Begins one, and shows what the server refused. */
  readonly tryTo: (action: TenantAction) => void;
  /** Hides what has ended. */
  readonly dismiss: () => void;
}

/**
 * Does what can be done with a tenant, and follows it. An operation that somebody else began is shown as
 * well, once it is heard of.
 *
 * @param onEnd - called once with each operation that has ended, and with what was asked for if it was
 *   asked for here
 */
export function useTenantWork(
  slug: string,
  onEnd: (operation: Operation, asked: TenantActionRequest | null) => void,
): TenantWork {
  const [begun, setBegun] = useState<Operation | null>(null);
  const [refused, setRefused] = useState<ApiError | null>(null);
  const isAsking = useRef(false);
  const asked = useRef<{ readonly id: string; readonly body: TenantActionRequest } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const operation = useOperation(begun);

  const others = [...useKnownOperations().values()].find(
    (known) => known.tenant === slug && isRunning(known),
  );
  useEffect(() => {
    // What is heard of while one's own request is under way is that request's, whose answer says more.
    if (others !== undefined && !isAsking.current && !isRunning(operation)) setBegun(others);
  }, [others?.id, isBusy]);
  useEnd(operation, (ended) => {
    onEnd(ended, asked.current?.id === ended.id ? asked.current.body : null);
  });

  const begin = async (action: TenantAction, body: TenantActionRequest = {}): Promise<void> => {
    if (isAsking.current) return;
    isAsking.current = true;
    setBusy(true);
    setRefused(null);
    try {
      const answer = await request<Operation>("POST", path`tenants/${slug}/${action}`, { body });
      asked.current = { body, id: answer.id };
      setBegun(answer);
    } finally {
      isAsking.current = false;
      setBusy(false);
    }
  };
  return {
    begin,
    dismiss: () => {
      setBegun(null);
      setRefused(null);
    },
    isBusy: isBusy || isRunning(operation),
    operation,
    refused,
    tryTo: (action) => {
      begin(action).catch((thrown: unknown) => setRefused(toApiError(thrown)));
    },
  };
}

function useEnd(operation: Operation | null, onEnd: (operation: Operation) => void): void {
  const told = useRef<string | null>(null);
  useEffect(() => {
    if (operation === null || operation.state === "running" || told.current === operation.id)
      return;
    told.current = operation.id;
    onEnd(operation);
  });
}

function isRunning(operation: Operation | null): boolean {
  return operation?.state === "running";
}
