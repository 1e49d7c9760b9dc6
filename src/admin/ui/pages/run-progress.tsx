import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Operation } from "../../contract.ts";
import { type ApiError, path, request } from "../api.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { toApiError } from "../components/confirm.tsx";
import { Panel } from "../components/page.tsx";
import { ErrorBox } from "../components/states.tsx";
import { Progress } from "../components/values.tsx";
import { formatDuration, formatNumber } from "../format.ts";
import { useOperation } from "../operations.ts";
import { hrefOf } from "../router.ts";
import { useMay } from "../session.ts";
import { RunCountsLine } from "./run-counts.tsx";
import { RunFailureGroups } from "./run-failure-groups.tsx";
import { addSample, paceOf, type Sample } from "./run-pace.ts";

/** A fleet run as it happens: how far it is, how fast, and who failed; and what ends it. */
export function RunProgress(props: {
  readonly begun: Operation;
  /** Called once, when it has ended. */
  readonly onEnd?: (operation: Operation) => void;
  readonly onDismiss?: () => void;
}): ComponentChildren {
  const operation = useOperation(props.begun) ?? props.begun;
  const { counts, error, failures, progress, runId, state, summary } = operation;
  const isOver = state !== "running";
  const ended = useRef(false);
  useEffect(() => {
    if (!isOver || ended.current) return;
    ended.current = true;
    props.onEnd?.(operation);
  }, [isOver]);
  const verb =
    operation.action === "fleet.rollback" ? "Rolling the fleet back" : "Migrating the fleet";
  const hasFailed = error !== null || (counts?.failed ?? 0) > 0 || (counts?.notReached ?? 0) > 0;
  const isWell = state === "done" && !hasFailed;
  return (
    <Panel
      class="panel-wide run-now"
      title={
        <span class="run-title">
          {verb}
          <Badge state={isOver ? (isWell ? "done" : "failed") : "running"} />
        </span>
      }
      aside={
        <span class="run-aside">
          {runId !== null && <a href={hrefOf(`/migrations/runs/${runId}`)}>Run {runId}</a>}
          {isOver ? (
            props.onDismiss && (
              <Button small kind="ghost" icon="close" aria-label="Hide" onClick={props.onDismiss} />
            )
          ) : (
            <Stop operation={operation} />
          )}
        </span>
      }
    >
      {progress === null ? (
        !isOver && <progress class="work-bar" aria-label={verb} />
      ) : (
        <Progress label={verb} done={progress.done} total={progress.total} />
      )}
      {progress !== null && !isOver && <PaceLine progress={progress} />}
      {counts && <RunCountsLine counts={counts} />}
      <p role="status" class="run-summary">
        {summary}
      </p>
      {error && <ErrorBox title="The run has failed" error={error} />}
      <RunFailureGroups
        failures={failures}
        title={
          failures.length < (counts?.failed ?? 0)
            ? `The last ${failures.length} failures`
            : "Failures"
        }
      />
    </Panel>
  );
}

function PaceLine(props: {
  readonly progress: NonNullable<Operation["progress"]>;
}): ComponentChildren {
  const { done, total } = props.progress;
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => setSamples((last) => addSample(last, { at: Date.now(), done })), [done]);
  const pace = paceOf(samples, total, Date.now());
  if (pace === null) return <p class="hint">Beginning…</p>;
  const rate =
    pace.perSecond < 10 ? pace.perSecond.toFixed(1) : formatNumber(Math.round(pace.perSecond));
  return (
    <p class="hint numeric">
      {rate} tenants per second
      {pace.secondsLeft !== null &&
        done < total &&
        `, about ${formatDuration(Math.max(1, Math.ceil(pace.secondsLeft)) * 1_000)} left`}
    </p>
  );
}

function Stop(props: { readonly operation: Operation }): ComponentChildren {
  const [isAsked, setAsked] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const mayOperate = useMay("operate");
  if (!mayOperate) return null;
  const stop = async (): Promise<void> => {
    setAsked(true);
    setError(null);
    try {
      await request("POST", path`operations/${props.operation.id}/stop`, { body: {} });
    } catch (thrown) {
      setError(toApiError(thrown));
      setAsked(false);
    }
  };
  return (
    <>
      {error && <ErrorBox title="It could not be stopped" error={error} />}
      <Button small icon="stop" busy={isAsked} onClick={() => void stop()}>
        {isAsked ? "Stopping: those in hand are finished" : "Stop"}
      </Button>
    </>
  );
}
