import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { LiveEvent } from "../contract.ts";
import { type ApiError, isAbort, request } from "./api.ts";
import { subscribe } from "./live.ts";

/** Something that was read from the API, or is being read. */
export interface Resource<T> {
  /** What was read last; kept while it is read anew. */
  readonly data: T | undefined;
  /** Why the last reading failed. */
  readonly error: ApiError | undefined;
  /** Whether it is being read now. */
  readonly isLoading: boolean;
  /** Reads it anew. */
  readonly reload: () => void;
  /** Puts something in its place, such as the answer to a change. */
  readonly replace: (data: T) => void;
}

/** When a resource is read anew by itself. */
export interface ResourceOptions {
  /** Whether an event means that it has changed. Events in one second, or in one reading, are one reading. */
  readonly live?: (event: LiveEvent) => boolean;
  /** Whether what was read under another path stays until this path's answer comes. */
  readonly keep?: boolean;
}

interface Read<T> {
  readonly from: string | null;
  readonly data?: T;
  readonly error?: ApiError;
}

const QUIET_MS = 1000;

/** Reads `GET api/<from>`, anew when it changes; gives up what is no longer wanted. `null`: nothing. */
export function useResource<T>(from: string | null, options: ResourceOptions = {}): Resource<T> {
  const [read, setRead] = useState<Read<T>>({ from });
  const [isLoading, setLoading] = useState(from !== null);
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((last) => last + 1), []);
  const replace = useCallback((data: T) => setRead({ from, data }), [from]);

  useEffect(() => {
    if (from === null) return undefined;
    const controller = new AbortController();
    setLoading(true);
    request<T>("GET", from, { signal: controller.signal }).then(
      (data) => {
        setRead({ from, data });
        setLoading(false);
      },
      (error: ApiError) => {
        if (isAbort(error)) return;
        setRead((last) => (last.from === from ? { ...last, error } : { from, error }));
        setLoading(false);
      },
    );
    return () => controller.abort();
  }, [from, turn]);

  useReloadWhen(options.live, reload, isLoading);
  const isOld = read.from !== from;
  return {
    data: isOld && !options.keep ? undefined : read.data,
    error: isOld ? undefined : read.error,
    isLoading: isLoading || (isOld && from !== null),
    reload,
    replace,
  };
}

function useReloadWhen(
  live: ((event: LiveEvent) => boolean) | undefined,
  reload: () => void,
  isLoading: boolean,
): void {
  const matches = useRef(live);
  matches.current = live;
  const [isOld, setOld] = useState(false);
  useEffect(
    () =>
      subscribe((event) => {
        if (matches.current?.(event)) setOld(true);
      }),
    [],
  );
  // A reading that is under way is let be: where answers are slower than events, none would ever come.
  useEffect(() => {
    if (!isOld || isLoading) return undefined;
    const timer = setTimeout(() => {
      setOld(false);
      reload();
    }, QUIET_MS);
    return () => clearTimeout(timer);
  }, [isOld, isLoading, reload]);
}

/** For {@link ResourceOptions.live}: a change of tenants, of one if it is named. */
export function whenTenantsChange(slug?: string): (event: LiveEvent) => boolean {
  return (event) =>
    event.type === "changed" &&
    event.what === "tenants" &&
    (slug === undefined || event.tenant === null || event.tenant === slug);
}

/** For {@link ResourceOptions.live}: a change of fleet runs. */
export function whenRunsChange(event: LiveEvent): boolean {
  return event.type === "changed" && event.what === "runs";
}

/** For {@link ResourceOptions.live}: a new line in the audit log. */
export function whenAuditChanges(event: LiveEvent): boolean {
  return event.type === "changed" && event.what === "audit";
}

/** `value` as it was when it last stood still for `delayMs`. */
export function useDebounced<T>(value: T, delayMs = 200): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return settled;
}
