import * as common from "@nestjs/common";
import * as core from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import * as integration from "../../../src/integrations/http/nest/index.ts";
import { describeHttp } from "./support/describe-http.ts";
import { nestServer } from "./servers/nest.ts";

const nest = { common, core, integration };
const makeFastify = (
  rewriteUrl: (request: { url?: string | undefined }) => string,
): FastifyAdapter => new FastifyAdapter({ forceCloseConnections: true, rewriteUrl });

describeHttp("nest on express", nestServer({ ...nest, makeAdapter: () => new ExpressAdapter() }));
describeHttp("nest on fastify", nestServer({ ...nest, makeAdapter: makeFastify }));
