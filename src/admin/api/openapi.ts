import { CSRF_HEADER } from "../contract.ts";
import { packageVersion } from "../package-version.ts";
import { COMPONENTS } from "./components.ts";
import type { Route } from "./route.ts";
import { ref, type Schema } from "./schema.ts";

const DESCRIPTION = [
  "The JSON API of the admin console. Who may use it, and with which credentials, is what the",
  "application's `authorize` decides. A request with a cookie, or from a browser, has to carry the token",
  "of `GET session` when it changes something.",
].join(" ");

/** What is refused everywhere, by status. */
const REFUSALS: Readonly<Record<string, string>> = {
  "400": "The request is malformed, or asks for what cannot be",
  "401": "Nobody knows who asks",
  "403": "They may not do this, or the request is not known to be theirs",
  "404": "There is no such thing",
  "409": "Not in the state in which things are",
  "422": "It was tried, and failed",
  "429": "Too many changes in a short time; `Retry-After` says when again",
  "500": "Something went wrong; the application's log says what",
  "503": "The database cannot be reached",
};

/** Describes the API as OpenAPI 3.1. */
export function openApiDocument(
  routes: readonly Route[],
  basePath: string,
): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = (paths[`/${route.path}`] ??= {});
    path[route.method.toLowerCase()] = describeRoute(route);
  }
  return {
    components: { responses: describeRefusals(), schemas: COMPONENTS },
    info: {
      description: DESCRIPTION,
      license: { identifier: "MIT", name: "MIT" },
      title: "Kirayedar admin",
      version: packageVersion(),
    },
    openapi: "3.1.0",
    paths,
    servers: [{ url: `${basePath}/api` }],
  };
}

function describeRoute(route: Route): Readonly<Record<string, unknown>> {
  const { answer, body, method, path, permission, status, summary } = route;
  const refusals = Object.keys(REFUSALS).map((code) => [
    code,
    { $ref: `#/components/responses/${code}` },
  ]);
  return {
    description: `Needs the permission \`${permission}\`.`,
    operationId: operationId(method, path),
    parameters: describeParameters(route),
    ...(body !== undefined && {
      requestBody: { content: { "application/json": { schema: body } }, required: needsBody(body) },
    }),
    responses: {
      [status]: { description: "Success", ...describeAnswer(answer) },
      ...(Object.fromEntries(refusals) as Record<string, unknown>),
    },
    summary,
    tags: [path.split("/")[0]?.replace(".json", "") ?? path],
  };
}

function describeAnswer(answer: Route["answer"]): Readonly<Record<string, unknown>> {
  if (answer === undefined) return {};
  if (answer !== "events") return { content: { "application/json": { schema: answer } } };
  return { content: { "text/event-stream": { schema: { type: "string" } } } };
}

/** An empty body does where nothing has to be said. */
function needsBody(schema: Schema): boolean {
  return schema.$ref !== undefined || (schema.required ?? []).length > 0;
}

function describeParameters({ method, path, query = {} }: Route): readonly unknown[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  return [
    ...names.map((name) => ({ in: "path", name, required: true, schema: { type: "string" } })),
    ...Object.entries(query).map(([name, schema]) => ({ in: "query", name, schema })),
    ...(method === "GET"
      ? []
      : [
          {
            description: "`csrfToken` of `GET session`; for browsers, and whoever sends a cookie",
            in: "header",
            name: CSRF_HEADER,
            schema: { type: "string" },
          },
        ]),
  ];
}

function operationId(method: string, path: string): string {
  const words = path.split(/[^a-zA-Z]+/).filter((word) => word !== "");
  return (
    method.toLowerCase() + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join("")
  );
}

function describeRefusals(): Readonly<Record<string, unknown>> {
  const content = { "application/json": { schema: ref("Problem") } };
  return Object.fromEntries(
    Object.entries(REFUSALS).map(([code, description]) => [code, { content, description }]),
  );
}
