import type * as HonoNode from "@hono/node-server";
import type * as ElysiaPackage from "elysia";
import type Express from "express";
import type * as Fastify from "fastify";
import type * as H3Package from "h3";
import type * as HonoPackage from "hono";
import type * as HonoUrl from "hono/utils/url";
import type Koa from "koa";
import { peersOf } from "../../support/peers.ts";
import { describeHttp } from "./support/describe-http.ts";
import { elysiaServer } from "./servers/elysia.ts";
import { expressServer } from "./servers/express.ts";
import { fastifyServer } from "./servers/fastify.ts";
import { h3Server } from "./servers/h3.ts";
import { honoServer } from "./servers/hono.ts";
import { koaServer } from "./servers/koa.ts";

/** The adapters on the oldest versions of their frameworks that are supported. */
const peers = peersOf("oldest");

const express = await peers.load<{ default: typeof Express }>("express");
describeHttp(`express ${peers.version("express")}`, expressServer(express.default));

const { fastify } = await peers.load<typeof Fastify>("fastify");
describeHttp(`fastify ${peers.version("fastify")}`, fastifyServer(fastify));

const koa = await peers.load<{ default: typeof Koa }>("koa");
describeHttp(`koa ${peers.version("koa")}`, koaServer(koa.default));

const { Hono } = await peers.load<typeof HonoPackage>("hono");
const { getPath } = await peers.load<typeof HonoUrl>("hono/utils/url");
const { serve } = await peers.load<typeof HonoNode>("@hono/node-server");
describeHttp(`hono ${peers.version("hono")}`, honoServer({ Hono, getPath, serve }), {
  errorScope: "app.onError is called by Hono itself, where the request came in",
});

const h3 = await peers.load<typeof H3Package>("h3");
describeHttp(`h3 ${peers.version("h3")}`, h3Server(h3), {
  errorScope: "the option `onError` is called by h3 itself, where the request came in",
});

const { Elysia } = await peers.load<typeof ElysiaPackage>("elysia");
const { node } = await import("@elysiajs/node");
describeHttp(`elysia ${peers.version("elysia")}`, elysiaServer({ Elysia, node }), {
  assignKey: "the names are part of the types of the context",
});
