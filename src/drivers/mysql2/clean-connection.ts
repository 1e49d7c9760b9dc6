import type { ConnectionState } from "./connection-state.ts";
import type { OkPacket, RawConnection } from "./peer.ts";
import { resetSession } from "./reset-session.ts";

/** Removes everything that a session may carry to its next user. */
export function resetConnection(
  connection: RawConnection,
  state: ConnectionState,
  restoreText: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    state.housekeeping(reject, () => {
      resetSession(connection, restoreText, () => state.noteReset()).then(resolve, reject);
    });
  });
}

/** Ends the transaction that is open. */
export function rollBack(connection: RawConnection, state: ConnectionState): Promise<void> {
  return new Promise((resolve, reject) => {
    state.housekeeping(reject, () =>
      connection.query("rollback", (error: Error | null, ok?: OkPacket) => {
        if (error) return reject(error);
        // A server may be told to begin the next one at once.
        if (ok?.serverStatus !== undefined) state.status = ok.serverStatus;
        resolve();
      }),
    );
  });
}
