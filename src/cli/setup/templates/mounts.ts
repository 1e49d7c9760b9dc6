import type { FrameworkName } from "../facts.ts";
import { fastify } from "./fastify.ts";
import { express, hono, koa } from "./middleware.ts";
import type { Mount } from "./mount.ts";
import { nest } from "./nest.ts";
import { node } from "./node.ts";

/** How the tenancy is put into each framework; Next has a file of its own for it. */
export const MOUNTS: Readonly<Record<Exclude<FrameworkName, "next" | "none">, Mount>> = {
  express,
  fastify,
  hono,
  koa,
  nest,
  node,
};
