import { describe, expect, it } from "vitest";
import {
  explainConnectionFailure,
  isConnectionFailure,
} from "../../../src/internal/connection-failure.ts";

const errorWith = (fields: object, message = "x"): Error =>
  Object.assign(new Error(message), fields);

describe("isConnectionFailure", () => {
  it.each([
    [1040, "ER_CON_COUNT_ERROR"],
    [1043, "ER_HANDSHAKE_ERROR"],
    [1045, "ER_ACCESS_DENIED_ERROR"],
    [1053, "ER_SERVER_SHUTDOWN"],
    [1129, "ER_HOST_IS_BLOCKED"],
    [1130, "ER_HOST_NOT_PRIVILEGED"],
    [1203, "ER_TOO_MANY_USER_CONNECTIONS"],
    [1226, "ER_USER_LIMIT_REACHED"],
    [1698, "ER_ACCESS_DENIED_NO_PASSWORD_ERROR"],
    [1927, "ER_CONNECTION_KILLED"],
    [3032, "ER_SERVER_OFFLINE_MODE"],
    [3118, "ER_ACCOUNT_HAS_BEEN_LOCKED"],
    [3169, "ER_SESSION_WAS_KILLED"],
    [4031, "ER_CLIENT_INTERACTION_TIMEOUT"],
  ])("knows MySQL's error %d, %s", (errno, code) => {
    expect(isConnectionFailure(errorWith({ code, errno, sqlState: "HY000" }))).toBe(true);
  });

  it.each([
    ["a node of a cluster that is not ready", { errno: 1047, sqlState: "08S01" }],
    ["a connection that mysql2 lost", { code: "PROTOCOL_CONNECTION_LOST", fatal: true }],
    ["a server that refuses", { code: "ECONNREFUSED", errno: -111 }],
    ["a full pool of mariadb", { code: "ER_GET_CONNECTION_TIMEOUT", errno: 45028 }],
    ["a socket that mariadb lost", { code: "ER_SOCKET_UNEXPECTED_CLOSE", errno: 45009 }],
    ["PostgreSQL's shutdown", { code: "57P01" }],
    ["a missing database of PostgreSQL", { code: "3D000" }],
  ])("knows %s", (_what, fields) => {
    expect(isConnectionFailure(errorWith(fields))).toBe(true);
  });

  it.each([
    "Connection terminated unexpectedly",
    "Can't add new command when connection is in closed state",
    "Pool is closed.",
    "No connections available.",
    "Queue limit reached.",
  ])("knows the error %j, which has no code", (message) => {
    expect(isConnectionFailure(new Error(message))).toBe(true);
    expect(isConnectionFailure(new AggregateError([new Error(message)]))).toBe(true);
  });

  it.each([
    ["a missing database of MySQL, which is a tenant's", { code: "ER_BAD_DB_ERROR", errno: 1049 }],
    [
      "a refused database, which is one tenant's",
      { code: "ER_DBACCESS_DENIED_ERROR", errno: 1044 },
    ],
    ["a query without a database", { code: "ER_NO_DB_ERROR", errno: 1046, sqlState: "3D000" }],
    ["a lock that was not free", { code: "ER_LOCK_WAIT_TIMEOUT", errno: 1205 }],
    ["a statement that was killed", { code: "ER_QUERY_INTERRUPTED", errno: 1317 }],
    ["a duplicate", { code: "ER_DUP_ENTRY", errno: 1062 }],
    ["a parameter that mariadb misses", { code: "ER_MISSING_PARAMETER", errno: 45016 }],
    ["PostgreSQL's syntax error", { code: "42601" }],
    ["an error of the application", {}],
  ])("leaves %s alone", (_what, fields) => {
    const error = errorWith(fields);
    expect(isConnectionFailure(error)).toBe(false);
    expect(explainConnectionFailure(error)).toBe(error);
  });

  it("is explained with the driver's error as the cause", () => {
    const cause = errorWith({ code: "ER_CON_COUNT_ERROR", errno: 1040 }, "Too many connections");
    const explained = explainConnectionFailure(cause);
    expect(explained).toMatchObject({ cause, code: "DATABASE_UNAVAILABLE" });
  });
});
