import type { ComponentChildren } from "preact";
import type { TenantAction, TenantDetails } from "../../contract.ts";
import { Mark, type Tone } from "../components/badge.tsx";
import { Button, ButtonLink } from "../components/button.tsx";
import { hrefOf } from "../router.ts";
import { useMay } from "../session.ts";
import { TENANT_ACTIONS } from "./tenant-actions.ts";
import type { TenantProblem } from "./tenant-problems.ts";

const TONES: Readonly<Record<TenantProblem["tone"], Tone>> = {
  danger: "bad",
  notice: "info",
  warning: "warn",
};

/** What is wrong with a tenant, each with what mends it. */
export function TenantProblems(props: {
  readonly problems: readonly TenantProblem[];
  readonly tenant: TenantDetails;
  readonly isBusy: boolean;
  readonly onAction: (action: TenantAction) => void;
}): ComponentChildren {
  if (props.problems.length === 0) return null;
  return (
    <ul class="problems" aria-label="What is wrong">
      {props.problems.map((problem) => (
        <li key={problem.key} class={`problem tone-${TONES[problem.tone]}`}>
          <Mark tone={TONES[problem.tone]} />
          <div class="problem-text">
            <p class="problem-title">{problem.title}</p>
            <p>
              {problem.text}
              {problem.run !== null && (
                <>
                  {" "}
                  <a href={hrefOf(`/migrations/runs/${problem.run}`)}>Run {problem.run}</a>
                </>
              )}
            </p>
          </div>
          <Mend problem={problem} {...props} />
        </li>
      ))}
    </ul>
  );
}

function Mend(props: {
  readonly problem: TenantProblem;
  readonly tenant: TenantDetails;
  readonly isBusy: boolean;
  readonly onAction: (action: TenantAction) => void;
}): ComponentChildren {
  const { action, createAgain } = props.problem;
  const mayOperate = useMay("operate");
  if (createAgain && mayOperate) {
    return (
      <ButtonLink href={hrefOf(`/new?slug=${encodeURIComponent(props.tenant.slug)}`)}>
        Create it again…
      </ButtonLink>
    );
  }
  if (action === null || !props.tenant.actions.includes(action)) return null;
  return (
    <Button disabled={props.isBusy} onClick={() => props.onAction(action)}>
      {TENANT_ACTIONS[action].label}
    </Button>
  );
}
