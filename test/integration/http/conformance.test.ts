import { makeConnectServer, makeNodeServer } from "./servers/node.ts";
import { describeHttp } from "./support/describe-http.ts";
import { makeElysiaServer } from "./servers/elysia.ts";
import { makeExpressServer } from "./servers/express.ts";
import { makeFastifyServer } from "./servers/fastify.ts";
import { makeFetchServer } from "./servers/fetch.ts";
import { makeH3Server } from "./servers/h3.ts";
import { makeHonoServer } from "./servers/hono.ts";
import { makeKoaServer } from "./servers/koa.ts";

describeHttp("node", makeNodeServer);
describeHttp("node, as a middleware", makeConnectServer);
describeHttp("express", makeExpressServer);
describeHttp("fastify", makeFastifyServer);
describeHttp("koa", makeKoaServer);
describeHttp("hono", makeHonoServer, {
  errorScope: "app.onError is called by Hono itself, where the request came in",
});
describeHttp("h3", makeH3Server, {
  errorScope: "the option `onError` is called by h3 itself, where the request came in",
});
describeHttp("elysia", makeElysiaServer, {
  assignKey: "the names are part of the types of the context",
});
describeHttp("fetch", makeFetchServer, {
  abort: "listeners of a signal run where it is aborted",
  assignKey: "the context is an argument",
  missingHost: "the runtime puts a host of its own into the URL",
  otherTarget: "behind a proxy the URL often has another host than the header, which counts",
  errorScope: "the runtime deals with what rejects",
  finish: "a Fetch response has no events",
  guards: "the context is an argument",
});
