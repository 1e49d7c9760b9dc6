import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { Session } from "../contract.ts";
import { type ApiError, isAbort, onSignedOut, readSession } from "./api.ts";
import { ErrorBox, Skeleton } from "./components/states.tsx";
import { startLive } from "./live.ts";
import { startKnowing } from "./operations.ts";
import { SessionContext } from "./session.ts";
import { Shell } from "./shell.tsx";

/** The whole of the pages: asks who is there, then shows the shell. */
export function App(): ComponentChildren {
  const [session, setSession] = useState<Session | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [isSignedOut, setSignedOut] = useState(false);
  const [turn, setTurn] = useState(0);
  const retry = useCallback(() => setTurn((last) => last + 1), []);

  useEffect(() => onSignedOut(() => setSignedOut(true)), []);
  useEffect(() => {
    const controller = new AbortController();
    setError(null);
    readSession(controller.signal).then(
      (read) => {
        setSession(read);
        setSignedOut(false);
        startKnowing();
        startLive();
      },
      (thrown: ApiError) => {
        if (!isAbort(thrown)) setError(thrown);
      },
    );
    return () => controller.abort();
  }, [turn]);

  if (isSignedOut) return <SignedOut onRetry={retry} />;
  if (session !== null) {
    return (
      <SessionContext.Provider value={session}>
        <Shell />
      </SessionContext.Provider>
    );
  }
  return (
    <main class="lone">
      {error === null ? (
        <Skeleton lines={3} />
      ) : (
        <ErrorBox title="The console could not start" error={error} onRetry={retry} />
      )}
    </main>
  );
}

function SignedOut(props: { readonly onRetry: () => void }): ComponentChildren {
  return (
    <main class="lone">
      <h1>You are signed out</h1>
      <p>
        Sign in where you always do, then come back. A console that was started with{" "}
        <code>kirayedar admin</code> prints a link that works once: ask it for a new one.
      </p>
      <button type="button" class="button button-primary" onClick={props.onRetry}>
        Try again
      </button>
    </main>
  );
}
