import { useEffect, useRef, useState } from "preact/hooks";
import type { AuditList, AuditView } from "../../contract.ts";
import { type ApiError, request, withQuery } from "../api.ts";
import { toApiError } from "../components/confirm.tsx";
import { useResource, whenAuditChanges } from "../resource.ts";
import type { AuditFilter } from "./audit-filters.tsx";
import { joinNewest, joinOlder, type ReadEntries } from "./audit-join.ts";

/** The log, as far as it was read. */
export interface AuditPages {
  /** The newest first; `undefined` before the first answer. */
  readonly entries: readonly AuditView[] | undefined;
  readonly error: ApiError | undefined;
  /** Whether what is shown was read with other filters. */
  readonly isOld: boolean;
  /** Whether there are older ones. */
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly loadMore: () => Promise<void>;
  readonly reload: () => void;
}

const PAGE = 50;

/** Reads the log: the newest page as it changes, and older ones when they are asked for. */
export function useAuditPages(filter: AuditFilter): AuditPages {
  const query = { ...filter, limit: PAGE };
  const from = withQuery("audit", query);
  const newest = useResource<AuditList>(from, { live: whenAuditChanges });
  const [read, setRead] = useState<ReadEntries | null>(null);
  const [error, setError] = useState<ApiError>();
  const [isLoadingMore, setLoadingMore] = useState(false);
  const isAsking = useRef(false);
  const page = newest.data;
  useEffect(() => {
    if (page !== undefined) setRead((before) => joinNewest(before, from, page));
  }, [page]);

  const loadMore = async (): Promise<void> => {
    if (read?.from !== from || read.nextCursor === null || isAsking.current) return;
    isAsking.current = true;
    setLoadingMore(true);
    setError(undefined);
    try {
      const to = withQuery("audit", { ...query, cursor: read.nextCursor });
      const older = await request<AuditList>("GET", to);
      setRead((before) => (before?.from === from ? joinOlder(before, older) : before));
    } catch (thrown) {
      setError(toApiError(thrown));
    } finally {
      isAsking.current = false;
      setLoadingMore(false);
    }
  };
  return {
    entries: read?.entries,
    error: newest.error ?? error,
    hasMore: read?.from === from && read.nextCursor !== null,
    isLoadingMore,
    isOld: read !== null && read.from !== from,
    loadMore,
    reload: newest.reload,
  };
}
