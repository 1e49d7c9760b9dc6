import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Operation, RunRequest, RunView } from "../../contract.ts";
import { type ApiError, request } from "../api.ts";
import { Mark } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { ConfirmDialog, toApiError } from "../components/confirm.tsx";
import { ErrorBox } from "../components/states.tsx";
import { formatCount } from "../format.ts";
import { hrefOf } from "../router.ts";
import { useMay } from "../session.ts";
import { runTitle } from "./run-words.ts";

/** Says that a run has left tenants undone, and takes them up. */
export function RunResume(props: {
  readonly run: RunView;
  /** Whether it stands on the run's own page. */
  readonly isHere?: boolean;
  readonly onBegun: (operation: Operation) => void;
}): ComponentChildren {
  const { run } = props;
  const mayResume = useMay(run.verb === "rollback" ? "destroy" : "operate");
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [isBusy, setBusy] = useState(false);
  const isSent = useRef(false);
  const left = run.counts.failed + run.counts.notReached;
  const resume = async (body: RunRequest): Promise<void> => {
    if (isSent.current) return;
    isSent.current = true;
    setBusy(true);
    setError(null);
    try {
      props.onBegun(await request<Operation>("POST", "runs", { body }));
    } finally {
      isSent.current = false;
      setBusy(false);
    }
  };
  return (
    <div class="problem tone-warn">
      <Mark tone="warn" />
      <div class="problem-text">
        <p class="problem-title">
          {props.isHere ? (
            "It"
          ) : (
            <>
              <a href={hrefOf(`/migrations/runs/${run.id}`)}>Run {run.id}</a> ({runTitle(run)})
            </>
          )}{" "}
          {run.state === "died"
            ? "died before its end"
            : `has left ${formatCount(left, "tenant")} undone`}
        </p>
        <p>
          Once what made it fail is mended, it can be taken up: with the tenants that are left, and
          with its own options.
        </p>
        {error && <ErrorBox title="It was not taken up" error={error} />}
      </div>
      {mayResume && (
        <Button
          busy={isBusy}
          icon="play"
          onClick={() => {
            if (run.verb === "rollback") setAsking(true);
            else {
              resume({ resume: true, verb: "migrate" }).catch((thrown: unknown) =>
                setError(toApiError(thrown)),
              );
            }
          }}
        >
          Resume what is left
        </Button>
      )}
      {isAsking && (
        <ConfirmDialog
          title="Go on rolling back?"
          action="Roll back"
          isDangerous
          word="rollback"
          onClose={() => setAsking(false)}
          onConfirm={(confirm) => resume({ confirm, resume: true, verb: "rollback" })}
        >
          <p>What the undone migrations have added is lost, in each tenant that is left.</p>
        </ConfirmDialog>
      )}
    </div>
  );
}
