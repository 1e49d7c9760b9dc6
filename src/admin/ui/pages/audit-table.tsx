import type { ComponentChildren } from "preact";
import type { AuditView, Operation } from "../../contract.ts";
import { Badge, type Tone } from "../components/badge.tsx";
import { type Column, Table } from "../components/table.tsx";
import { Dash, Time } from "../components/values.tsx";
import { formatDuration, formatMoment } from "../format.ts";
import { hrefOf } from "../router.ts";
import { Fact } from "./tenant-facts.tsx";
import { detailsOf, entryWords, type Standing, standingOf } from "./audit-words.ts";

const STANDINGS: Readonly<Record<Standing, { readonly tone: Tone; readonly word: string }>> = {
  done: { tone: "good", word: "done" },
  failed: { tone: "bad", word: "failed" },
  running: { tone: "busy", word: "running" },
  unfinished: { tone: "warn", word: "never ended" },
};

/** Recorded changes, as they are given. */
export function AuditTable(props: {
  readonly caption: string;
  readonly entries: readonly AuditView[];
  /** Operations that are known to run. */
  readonly operations?: readonly Operation[];
  /** Leaves out the column that would be the same in each row. */
  readonly isOfOneTenant?: boolean;
  readonly isBusy?: boolean;
}): ComponentChildren {
  const columns: Column<AuditView>[] = [
    { cell: (entry) => <What entry={entry} />, key: "what", title: "What" },
    { cell: ({ tenant }) => <Tenant slug={tenant} />, key: "tenant", title: "Tenant" },
    {
      cell: (entry) => <Outcome entry={entry} operations={props.operations ?? []} />,
      key: "outcome",
      title: "Outcome",
    },
    { cell: (entry) => <Who entry={entry} />, key: "who", title: "Who" },
    { cell: ({ at }) => <Time at={at} />, key: "when", title: "When" },
    {
      cell: ({ durationMs }) => (durationMs === null ? <Dash /> : formatDuration(durationMs)),
      isExtra: true,
      isNumeric: true,
      key: "took",
      title: "Took",
    },
  ];
  return (
    <div class="compact">
      <Table
        caption={props.caption}
        columns={props.isOfOneTenant ? columns.filter(({ key }) => key !== "tenant") : columns}
        rows={props.entries}
        keyOf={({ id }) => id}
        isBusy={props.isBusy ?? false}
      />
    </div>
  );
}

/** What was done; all that was recorded with it, once it is opened. */
function What(props: { readonly entry: AuditView }): ComponentChildren {
  const { entry } = props;
  const { line, title } = entryWords(entry);
  return (
    <details class="entry">
      <summary>
        <span class="entry-what">{title}</span>
        {line !== "" && <span class="entry-line">{line}</span>}
      </summary>
      <dl class="facts entry-facts">
        <Fact name="Operation">
          <code>{entry.action}</code>
        </Fact>
        <Fact name="When">{formatMoment(new Date(entry.at))}</Fact>
        <Fact name="Through">{entry.via}</Fact>
        <Fact name="Entry">{entry.id}</Fact>
        {entry.errorCode !== null && (
          <Fact name="Error">
            <code>{entry.errorCode}</code>
          </Fact>
        )}
        {detailsOf(entry.details).map(({ label, value }) => (
          <Fact key={label} name={label} isLong={value.length > 20}>
            {label === "Run" && entry.action.startsWith("fleet.") ? (
              <a href={hrefOf(`/migrations/runs/${encodeURIComponent(value)}`)}>run {value}</a>
            ) : (
              value
            )}
          </Fact>
        ))}
      </dl>
    </details>
  );
}

function Tenant(props: { readonly slug: string | null }): ComponentChildren {
  if (props.slug === null) return <Dash />;
  return (
    <a
      class="tenant-link"
      title={props.slug}
      href={hrefOf(`/tenants/${encodeURIComponent(props.slug)}`)}
    >
      {props.slug}
    </a>
  );
}

function Who(props: { readonly entry: AuditView }): ComponentChildren {
  const { actor, via } = props.entry;
  return (
    <span class="who">
      <span class="who-name" title={actor}>
        {actor}
      </span>{" "}
      <span class="dim">via {via}</span>
    </span>
  );
}

function Outcome(props: {
  readonly entry: AuditView;
  readonly operations: readonly Operation[];
}): ComponentChildren {
  const { entry } = props;
  const { tone, word } = STANDINGS[standingOf(entry, props.operations, Date.now())];
  return (
    <span class="outcome">
      <Badge state={entry.outcome} tone={tone}>
        {word}
      </Badge>
      {entry.errorCode !== null && <code class="dim">{entry.errorCode}</code>}
    </span>
  );
}
