import { describe, expect, it } from "vitest";
import { sortOptions } from "../../../../src/drivers/mariadb/options.ts";

describe("sortOptions", () => {
  it.each([
    [
      "mariadb://me:p%40ss@db.example.com:3307/app?connectionLimit=5&timezone=%2B00:00",
      {
        connectionLimit: 5,
        database: "app",
        host: "db.example.com",
        password: "p@ss",
        port: 3307,
        timezone: "+00:00",
        user: "me",
      },
    ],
    ["mysql://me@[::1]/", { host: "::1", user: "me" }],
    [
      'mariadb://h/a%20b?ssl=true&compress=false&connectAttributes={"a":1}&charset=utf8mb4',
      {
        charset: "utf8mb4",
        compress: false,
        connectAttributes: { a: 1 },
        database: "a b",
        host: "h",
        ssl: true,
      },
    ],
    [
      "mariadb:///?socketPath=/run/mysql.sock&initSql={no",
      { initSql: "{no", socketPath: "/run/mysql.sock" },
    ],
  ])("reads the address %s", (uri, config) => {
    expect(sortOptions({ uri }).config).toEqual(config);
  });

  it("lets options win over the address, and keeps the driver's own apart", () => {
    expect(
      sortOptions({ changePollMs: 5, host: "b", maintenanceConnections: 2, uri: "mariadb://a/x" }),
    ).toEqual({
      config: { database: "x", host: "b" },
      own: { changePollMs: 5, maintenanceConnections: 2 },
    });
  });

  it("says nothing of a password in an address that it cannot read", () => {
    expect(() => sortOptions({ uri: "postgres://me:secret@h/x" })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("secret") }),
    );
  });
});
