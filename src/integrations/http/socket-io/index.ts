export { tenantHandshake, type HandshakeMiddleware, type HandshakeOptions } from "./handshake.ts";
export type { SocketLike, SocketTenancy } from "./peer.ts";
export { tenantRooms, type BroadcasterLike } from "./rooms.ts";
export type { HttpTenancy } from "../common/options.ts";
export type { TrustProxy } from "../common/trust-proxy.ts";
