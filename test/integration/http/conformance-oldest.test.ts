import type Express from "express";
import type Koa from "koa";
import { peersOf } from "../../support/peers.ts";
import { describeHttp } from "./support/describe-http.ts";
import { elysiaServer } from "./servers/elysia.ts";
import { expressServer } from "./servers/express.ts";
import { fastifyServer } from "./servers/fastify.ts";
import { honoServer } from "./servers/hono.ts";
import { koaServer } from "./servers/koa.ts";

/** The adapters on the oldest versions of their frameworks that are supported. */
const { load, version } = peersOf("oldest");

const express = await load<{ default: typeof Express }>("express");
describeHttp(`express ${version("express")}`, expressServer(express.default));

const { fastify } = await load<typeof import("fastify")>("fastify");
describeHttp(`fastify ${version("fastify")}`, fastifyServer(fastify));

const koa = await load<{ default: typeof Koa }>("koa");
describeHttp(`koa ${version("koa")}`, koaServer(koa.default));

const { Hono } = await load<typeof import("hono")>("hono");
const { getPath } = await load<typeof import("hono/utils/url")>("hono/utils/url");
const { serve } = await load<typeof import("@hono/node-server")>("@hono/node-server");
describeHttp(`hono ${version("hono")}`, honoServer({ Hono, getPath, serve }), {
  errorScope: "app.onError is called by Hono itself, where the request came in",
});

const { Elysia } = await load<typeof import("elysia")>("elysia");
const { node } = await import("@elysiajs/node");
describeHttp(`elysia ${version("elysia")}`, elysiaServer({ Elysia, node }), {
  assignKey: "the names are part of the types of the context",
});
