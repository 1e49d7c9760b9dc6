import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { MigrationsOverview, Operation } from "../../contract.ts";
import { type ApiError, path, request } from "../api.ts";
import { Button } from "../components/button.tsx";
import { toApiError } from "../components/confirm.tsx";
import { Dialog } from "../components/dialog.tsx";
import { ErrorBox } from "../components/states.tsx";
import { useOperation } from "../operations.ts";
import { EMPTY_RUN_FORM, readRunForm, type RunForm, type RunFormErrors } from "./run-form.ts";
import { RunLook } from "./run-look.tsx";
import { RunOptions } from "./run-options.tsx";

/** Starts a run over the fleet, after a look at what it would do. */
export function RunStart(props: {
  readonly overview: MigrationsOverview | undefined;
  readonly onBegun: (operation: Operation) => void;
  readonly onClose: () => void;
}): ComponentChildren {
  const [form, setForm] = useState<RunForm>(EMPTY_RUN_FORM);
  const [errors, setErrors] = useState<RunFormErrors>({});
  const [refused, setRefused] = useState<ApiError | null>(null);
  const [look, setLook] = useState<Operation | null>(null);
  const isAsking = useRef(false);
  const [isBusy, setBusy] = useState(false);
  const seen = useOperation(look);
  const isLooking = seen?.state === "running";
  const leaveLook = (): void => {
    // Of a large fleet it takes minutes, and nobody waits for it any more. If it has ended, all is well.
    if (look !== null && isLooking) {
      request("POST", path`operations/${look.id}/stop`, { body: {} }).catch(() => undefined);
    }
    setLook(null);
  };
  const close = (): void => {
    leaveLook();
    props.onClose();
  };
  const send = async (dryRun: boolean): Promise<void> => {
    const read = readRunForm(form, { dryRun });
    setErrors("errors" in read ? read.errors : {});
    if ("errors" in read || isAsking.current) return;
    isAsking.current = true;
    setBusy(true);
    setRefused(null);
    try {
      const operation = await request<Operation>("POST", "runs", { body: read.request });
      if (dryRun) return setLook(operation);
      props.onBegun(operation);
      props.onClose();
    } catch (thrown) {
      setRefused(toApiError(thrown));
    } finally {
      isAsking.current = false;
      setBusy(false);
    }
  };
  return (
    <Dialog title="Run over the fleet" isWide onClose={close}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void send(look === null);
        }}
      >
        <div class="dialog-body">
          {look === null ? (
            <RunOptions form={form} errors={errors} onChange={setForm} />
          ) : (
            <RunLook
              form={form}
              operation={seen}
              overview={props.overview}
              error={errors.confirm}
              onConfirm={(confirm) => setForm({ ...form, confirm })}
            />
          )}
          {refused && <ErrorBox title="It was not started" error={refused} />}
        </div>
        <footer class="dialog-foot">
          {look === null ? (
            <>
              <Button onClick={close}>Cancel</Button>
              <Button type="submit" kind="primary" busy={isBusy}>
                See what it would do
              </Button>
            </>
          ) : (
            <>
              <Button onClick={leaveLook}>Back</Button>
              <Button
                type="submit"
                kind={form.verb === "rollback" ? "danger" : "primary"}
                busy={isBusy || isLooking}
                disabled={seen?.error !== null || seen.counts?.changed === 0}
              >
                {form.verb === "rollback" ? "Roll back" : "Start"}
              </Button>
            </>
          )}
        </footer>
      </form>
    </Dialog>
  );
}
