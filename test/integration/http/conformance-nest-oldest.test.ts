import type * as Common from "@nestjs/common";
import type * as Core from "@nestjs/core";
import type * as OnExpress from "@nestjs/platform-express";
import type * as OnFastify from "@nestjs/platform-fastify";
import { vi } from "vitest";
import { peersOf } from "../../support/peers.ts";
import { nestServer } from "./servers/nest.ts";
import { describeHttp } from "./support/describe-http.ts";

/** Nest on the oldest version that is supported. */
const peers = peersOf("oldest");

// The entry point imports Nest by name, and would find the newest.
vi.doMock("../../../src/integrations/http/nest/peer.ts", () => peers.load("@nestjs/common"));

const nest = {
  common: await peers.load<typeof Common>("@nestjs/common"),
  core: await peers.load<typeof Core>("@nestjs/core"),
  integration: await import("../../../src/integrations/http/nest/index.ts"),
};
const { ExpressAdapter } = await peers.load<typeof OnExpress>("@nestjs/platform-express");
const { FastifyAdapter } = await peers.load<typeof OnFastify>("@nestjs/platform-fastify");

describeHttp(
  `nest ${peers.version("@nestjs/common")} on express`,
  nestServer({ ...nest, makeAdapter: () => new ExpressAdapter() }),
);
describeHttp(
  `nest ${peers.version("@nestjs/common")} on fastify`,
  nestServer({
    ...nest,
    makeAdapter: (rewriteUrl) => new FastifyAdapter({ forceCloseConnections: true, rewriteUrl }),
  }),
);
