import type { ComponentChildren } from "preact";
import type { Operation } from "../../contract.ts";
import { formatDuration } from "../format.ts";
import { Icon } from "./icon.tsx";

/** A step that may come, and what it does in words. */
export interface KnownStep {
  readonly step: string;
  readonly words: ComponentChildren;
}

type StepState = "done" | "failed" | "now" | "open";

const SAID: Readonly<Record<StepState, string>> = {
  done: "done",
  failed: "failed",
  now: "going on",
  open: "not yet",
};

/**
 * Steps of an operation as they happen. Those known are there from the start; others appear when they
 * begin.
 */
export function StepList(props: {
  readonly operation: Operation;
  readonly known: readonly KnownStep[];
}): ComponentChildren {
  const { known, operation } = props;
  const begun = operation.steps.filter(({ step }) => step !== "done");
  const others = begun.filter(({ step }) => known.every((one) => one.step !== step));
  const all = [...known, ...others.map(({ step }) => ({ step, words: step }))];
  return (
    <ol class="step-list">
      {all.map(({ step, words }) => {
        const at = begun.findIndex((one) => one.step === step);
        const state = stateOf(operation, at, begun.length - 1);
        // A step that was not needed, once all is over.
        if (state === "open" && operation.state === "done") return null;
        return (
          <li key={step} class={`step step-${state}`}>
            <StepMark state={state} />
            <span class="step-words">{words}</span>
            <span class="unseen">, {SAID[state]}</span>
            <span class="step-time">{at !== -1 && state !== "now" && timeOf(operation, at)}</span>
          </li>
        );
      })}
    </ol>
  );
}

function stateOf(operation: Operation, at: number, last: number): StepState {
  if (at === -1) return "open";
  if (at < last || operation.state === "done") return "done";
  return operation.state === "failed" ? "failed" : "now";
}

function StepMark(props: { readonly state: StepState }): ComponentChildren {
  if (props.state === "now") return <span class="spinner" aria-hidden="true" />;
  if (props.state === "open") return <span class="step-dot" aria-hidden="true" />;
  return <Icon name={props.state === "done" ? "check" : "close"} />;
}

/** How long a step took: until the next began, or all ended. */
function timeOf(operation: Operation, at: number): string {
  const steps = operation.steps.filter(({ step }) => step !== "done");
  const from = steps[at]?.at;
  const to = steps[at + 1]?.at ?? operation.endedAt;
  if (from === undefined || to === null) return "";
  return formatDuration(Math.max(0, Date.parse(to) - Date.parse(from)));
}
