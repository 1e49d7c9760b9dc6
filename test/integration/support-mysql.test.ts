import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import mysql from "mysql2/promise";
import type { TestProject } from "vitest/node";
import { afterAll, afterEach, describe, expect, inject, it, type TestContext, vi } from "vitest";
import { createTestMysqlDatabase, describeMysql, requireMysql } from "../support/database.ts";
import setup from "../support/global-setup.ts";
import { describeContainer } from "../support/mysql-container.ts";
import { describePrograms, usersSql } from "../support/mysql-programs.ts";
import { type RunningMysql, startMysql, type StartMysqlOptions } from "../support/mysql-server.ts";
import { findNewMysql, type MysqlPlace } from "../support/mysql-sources.ts";
import { retryTakenPort } from "../support/start-server.ts";

const SERVER_MODULE = pathToFileURL(join(import.meta.dirname, "../support/mysql-server.ts")).href;

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describeMysql("the MySQL server of the test run", () => {
  it("answers over TCP and, if it is ours, over its Unix socket", async () => {
    const { flavour, lowerCaseTableNames, socketDir, url, version } = requireMysql();
    const { username: user, password } = new URL(url);
    const ways: mysql.ConnectionOptions[] = [{ uri: url }];
    if (socketDir !== undefined) {
      ways.push({ socketPath: join(socketDir, "mysql.sock"), user, password });
    }
    for (const way of ways) {
      const [row] = await ask(
        way,
        "select version() as version, @@lower_case_table_names as lower_case",
      );
      expect(row?.["version"]).toContain(version);
      expect(/mariadb/i.test(row?.["version"])).toBe(flavour === "mariadb");
      expect(row?.["lower_case"]).toBe(lowerCaseTableNames);
    }
  });

  it("lets nobody in without a password", async () => {
    const { socketDir, url } = requireMysql();
    const { port } = new URL(url);
    if (socketDir === undefined) return;
    for (const user of ["root", "admin", "anybody", ""]) {
      await expect(
        ask({ host: "127.0.0.1", port: Number(port), user }, "select 1"),
      ).rejects.toThrow(/Access denied/);
    }
  });
});

describeMysql("createTestMysqlDatabase", () => {
  it("drops the database and those of its tenants, and no others", async () => {
    const [database, neighbour] = [
      await createTestMysqlDatabase(),
      await createTestMysqlDatabase(),
    ];
    const rows = await ask({ uri: database.url }, "select database() as name");
    expect(rows).toEqual([{ name: database.name }]);
    const tenants = ["a", "Ü%_`b", "C"].map((end) => `${database.prefix}${end}`);
    for (const tenant of tenants) {
      await ask({ uri: database.url }, `create database ${mysql.escapeId(tenant, true)}`);
    }
    await ask({ uri: neighbour.url }, `create database ${neighbour.prefix}a`);
    // Would be taken for a tenant's of the first, if `_` stood for any character.
    const lookalike = `t0${database.prefix.slice(2)}a`;
    await ask({ uri: neighbour.url }, `create database ${lookalike}`);

    await database.drop();
    await database.drop();
    const left = await listDatabases();
    for (const gone of [database.name, ...tenants]) expect(left).not.toContain(gone);
    expect(left).toEqual(
      expect.arrayContaining([neighbour.name, `${neighbour.prefix}a`, lookalike]),
    );
    await ask({ uri: neighbour.url }, `drop database ${lookalike}`);
    await neighbour.drop();
  });

  it("ends connections that stand in the way, and no others", async () => {
    const database = await createTestMysqlDatabase();
    const tenant = `${database.prefix}a`;
    await ask({ uri: database.url }, `create database ${tenant}`);
    await ask({ uri: database.url }, `create table ${tenant}.note (body text)`);
    const [inside, outside, idle] = await Promise.all([
      connectTo(database.url.replace(database.name, tenant)),
      connectTo(requireMysql().url),
      connectTo(requireMysql().url),
    ]);
    await inside.query("start transaction");
    await inside.query("select * from note");
    const clients = [inside];
    // On MySQL nobody can tell who has locked what without its performance schema.
    if (requireMysql().flavour === "mariadb") {
      await outside.query("start transaction");
      await outside.query(`select * from ${tenant}.note`);
      clients.push(outside);
    }

    await database.drop();
    for (const client of clients) await expect(client.query("select 1")).rejects.toThrow();
    expect(await listDatabases()).not.toContain(tenant);
    await idle.query("select 1");
    for (const client of [inside, outside, idle]) client.destroy();
  });

  it("creates users who may do what is granted and nothing else, until it is dropped", async () => {
    const database = await createTestMysqlDatabase();
    await ask({ uri: database.url }, "create table setting (name text)");
    await ask({ uri: database.url }, `create database ${database.prefix}made`);
    await ask({ uri: database.url }, `create table ${database.prefix}made.note (body text)`);
    const reader = await database.createUser({ database: "select", tenants: "select, insert" });
    const creator = await database.createUser({ database: "select", tenants: "all privileges" });

    expect(await ask({ uri: reader }, "select * from setting")).toEqual([]);
    await ask({ uri: reader }, `insert into ${database.prefix}made.note values ('one')`);
    for (const sql of [
      `create database ${database.prefix}b`,
      `drop table ${database.prefix}made.note`,
      "insert into setting values ('a')",
      "select * from mysql.user",
    ]) {
      await expect(ask({ uri: reader }, sql)).rejects.toThrow(/denied/);
    }
    await ask({ uri: creator }, `create database ${database.prefix}b`);
    await expect(ask({ uri: creator }, `create database t0${database.prefix}b`)).rejects.toThrow(
      /denied/,
    );

    await database.drop();
    await expect(ask({ uri: reader }, "select 1")).rejects.toThrow(/denied/);
  });
});

describeMysql("startMysql", () => {
  it("starts another server with settings of its own, and ends it with its data", async (test) => {
    const settings = { lower_case_table_names: "1", max_connections: "11" };
    const server = await startOrSkip(test, { settings });
    expect(server.lowerCaseTableNames).toBe(1);
    await ask({ uri: server.url }, "create database Upper");
    expect(await ask({ uri: server.url }, "show databases like 'upper'")).toHaveLength(1);
    const rows = await ask({ uri: server.url }, "select @@max_connections as most");
    expect(rows).toEqual([{ most: 11 }]);
    expect(server.url).not.toBe(requireMysql().url);

    await server.stop();
    await server.stop();
    await expect(ask({ uri: server.url }, "select 1")).rejects.toThrow(/ECONNREFUSED/);
    expect(existsSync(server.socketDir ?? "")).toBe(false);
  });

  it("says why a server with an unknown setting does not start", async ({ skip }) => {
    if (!isProgram(requireMysql().source)) skip("The server is not ours to start.");
    await expect(startMysql({ settings: { no_such_setting: "1" } })).rejects.toThrow(
      /no_such_setting/,
    );
  });

  it.for(["SIGKILL", "SIGINT"] as const)(
    "ends the server when its starter gets %s",
    async (signal, { skip }) => {
      const { source } = requireMysql();
      if (!isProgram(source)) skip("The server is not ours to start.");
      const { child, server } = await startInProcess({ source, settings: {} });
      await ask({ uri: server.url }, "select 1");
      child.kill(signal);
      await once(child, "exit");
      await vi.waitFor(() => expect(existsSync(server.socketDir ?? "")).toBe(false), 20_000);
      await expect(ask({ uri: server.url }, "select 1")).rejects.toThrow(/ECONNREFUSED/);
    },
  );

  it("takes the server that KIRAYEDAR_TEST_MYSQL_URL names, and does not stop it", async () => {
    const { flavour, url, version } = requireMysql();
    vi.stubEnv("KIRAYEDAR_TEST_MYSQL_SOURCE", "");
    vi.stubEnv("KIRAYEDAR_TEST_MYSQL_URL", `${url}mysql`);
    const server = (await startMysql()) as RunningMysql;
    expect(server).toMatchObject({ flavour, source: "env", url, version });
    await server.stop();
    await ask({ uri: server.url }, "select 1");
  });

  it("starts installed programs when told to, whatever KIRAYEDAR_TEST_MYSQL_URL says", async ({
    skip,
  }) => {
    if (!isProgram(requireMysql().source)) skip("The server is not ours to start.");
    vi.stubEnv("KIRAYEDAR_TEST_MYSQL_SOURCE", "installed");
    vi.stubEnv("KIRAYEDAR_TEST_MYSQL_URL", "mysql://nobody@127.0.0.1:1/");
    const server = (await startMysql()) as RunningMysql;
    expect(server.source).toBe("installed");
    await server.stop();
  });
});

describe("startMysql, where it cannot start one", () => {
  it("says so in one line, with what to do", async () => {
    const answer = await startMysql({ source: "none" });
    expect(answer).toEqual({
      unavailable:
        'The MySQL suite cannot run here: it is to be taken from "none". Install MariaDB or MySQL, ' +
        "start Docker, or set KIRAYEDAR_TEST_MYSQL_URL to an administrator's address, such as " +
        "mysql://root:secret@127.0.0.1:3306.",
    });
  });

  it("refuses a source that it does not know, or that is not set", async () => {
    vi.stubEnv("KIRAYEDAR_TEST_MYSQL_URL", "");
    await expect(startMysql({ source: "env" })).rejects.toThrow(
      "KIRAYEDAR_TEST_MYSQL_URL is not set.",
    );
    vi.stubEnv("KIRAYEDAR_TEST_MYSQL_SOURCE", "elsewhere");
    await expect(startMysql()).rejects.toThrow(
      'KIRAYEDAR_TEST_MYSQL_SOURCE is "elsewhere": use env, installed, debian, container or none.',
    );
  });

  it("runs the other tests without it, and fails the run where CI is true", async () => {
    const { url } = inject("postgres");
    vi.stubEnv("KIRAYEDAR_TEST_POSTGRES_SOURCE", "");
    vi.stubEnv("KIRAYEDAR_TEST_POSTGRES_URL", url);
    vi.stubEnv("KIRAYEDAR_TEST_MYSQL_SOURCE", "none");
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const provide = vi.fn<(name: string, value: unknown) => void>();
    const project = { provide } as unknown as TestProject;

    vi.stubEnv("CI", "");
    const stop = await setup(project);
    await stop();
    expect(provide.mock.calls).toEqual([
      ["postgres", expect.objectContaining({ source: "env", url })],
      ["mysql", undefined],
      ["browserLender", expect.any(String)],
    ]);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^The MySQL suite cannot run .*$/)]]);

    vi.stubEnv("CI", "true");
    await expect(setup(project)).rejects.toThrow("The MySQL suite cannot run here");
  });
});

describe("findNewMysql", () => {
  const prepare = async (): Promise<never> => await Promise.reject(new Error("not to be run"));
  const nowhere = (source: MysqlPlace[0], missing: string): MysqlPlace => [
    source,
    async () => ({ missing }),
  ];
  const somewhere = (source: MysqlPlace[0]): MysqlPlace => [
    source,
    async () => ({ prepare, user: undefined }),
  ];

  it("takes the first place that has one", async () => {
    const places = [
      nowhere("installed", "none is installed"),
      somewhere("debian"),
      somewhere("container"),
    ];
    expect(await findNewMysql(undefined, places)).toMatchObject({ source: "debian" });
  });

  it("looks only in the place that is wanted", async () => {
    const places = [somewhere("installed"), nowhere("container", "no Docker engine answers")];
    expect(await findNewMysql("installed", places)).toMatchObject({ source: "installed" });
    expect(await findNewMysql("container", places)).toEqual({
      unavailable: expect.stringContaining("cannot run here: no Docker engine answers. Install"),
    });
  });

  it("names every reason", async () => {
    const places = [
      nowhere("installed", "none is installed"),
      nowhere("debian", "only root can install it"),
      nowhere("container", "no Docker engine answers"),
    ];
    expect(await findNewMysql(undefined, places)).toEqual({
      unavailable: expect.stringContaining(
        "here: none is installed, only root can install it and no Docker engine answers. Install",
      ),
    });
  });
});

describe("a MySQL server in a container", () => {
  it("is reached on a port of this machine and removed by name", () => {
    vi.stubEnv("KIRAYEDAR_TEST_MYSQL_IMAGE", "mysql:8.4");
    const given = { options: ["--max_connections=9"], password: "secret", port: 4000 };
    const { args, stopCommand, ...rest } = describeContainer("/bin/docker", given);
    const container = /^--name=(.+)$/m.exec(args.join("\n"))?.[1];
    expect(args).toEqual([
      "run",
      "--rm",
      expect.stringMatching(/^--name=kirayedar-mysql-[0-9a-f]{12}$/),
      "--publish=127.0.0.1:4000:3306",
      "--tmpfs=/var/lib/mysql",
      "--env=MYSQL_ROOT_PASSWORD",
      "mysql:8.4",
      "--max_connections=9",
    ]);
    expect(stopCommand).toEqual(["/bin/docker", "rm", "--force", "--volumes", container]);
    expect(rest).toEqual({
      admin: "root",
      command: "/bin/docker",
      env: { MYSQL_ROOT_PASSWORD: "secret" },
    });
  });

  it("is MariaDB's unless told otherwise", () => {
    vi.stubEnv("KIRAYEDAR_TEST_MYSQL_IMAGE", "");
    const { args } = describeContainer("docker", { options: [], password: "p", port: 1 });
    expect(args.at(-1)).toBe("mariadb:10.11");
  });

  it("is removed, with its output in the message, when it does not start", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kirayedar-docker-"));
    const calls = join(folder, "calls");
    // Stands for an engine that answers and has no such image.
    const script = `#!/bin/sh
echo "$MYSQL_ROOT_PASSWORD $*" >> '${calls}'
if [ "$1" = run ]; then echo 'no such image'; exit 125; fi
`;
    writeFileSync(join(folder, "docker"), script, { mode: 0o755 });
    vi.stubEnv("PATH", `${folder}${delimiter}${process.env["PATH"]}`);

    await expect(startMysql({ source: "container" })).rejects.toThrow(
      /server ended \(125\):\nno such image/,
    );
    const [info, run, remove] = readFileSync(calls, "utf8").trim().split("\n");
    expect(info?.trim()).toBe("info");
    expect(run).toMatch(/^[0-9a-f]{24} run --rm .* --performance_schema=off/);
    expect(remove).toContain(`rm --force --volumes ${/--name=(\S+)/.exec(run ?? "")?.[1]}`);
    rmSync(folder, { recursive: true });
  });
});

describe("describePrograms", () => {
  const installation = mkdtempSync(join(tmpdir(), "kirayedar-programs-"));
  const program = (file: string, output: string): string => {
    const path = join(installation, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\necho '${output}'\n`, { mode: 0o755 });
    return path;
  };
  afterAll(() => rmSync(installation, { recursive: true }));

  it("lets MySQL make its own data, with an account that is closed later", () => {
    const server = program(
      "sbin/mysqld",
      "mysqld  Ver 8.4.6 for Linux on x86_64 (MySQL Community)",
    );
    expect(describePrograms(server, undefined)).toEqual({
      flavour: "mysql",
      initialize: [server, "--no-defaults", "--initialize-insecure"],
      server,
    });
  });

  it("tells the install program of an unpacked MariaDB where everything is", () => {
    const server = program("bin/mysqld", "mysqld  Ver 11.8.2-MariaDB for Linux on x86_64");
    const install = program("scripts/mariadb-install-db", "");
    expect(describePrograms(server, undefined)?.initialize).toEqual([
      install,
      "--no-defaults",
      "--auth-root-authentication-method=socket",
      "--skip-test-db",
      "--force",
      `--basedir=${installation}`,
    ]);
  });

  it("passes over a program that does not run", () => {
    expect(describePrograms(join(installation, "bin/none"), undefined)).toBeUndefined();
  });
});

describe("usersSql", () => {
  it("makes an administrator for both kinds of hosts", () => {
    expect(usersSql("mariadb", "pw").split("\n")).toEqual([
      "create user 'admin'@'localhost' identified by 'pw';",
      "grant all privileges on *.* to 'admin'@'localhost' with grant option;",
      "create user 'admin'@'%' identified by 'pw';",
      "grant all privileges on *.* to 'admin'@'%' with grant option;",
      "",
    ]);
  });

  it("closes MySQL's account without a password", () => {
    expect(usersSql("mysql", "pw")).toContain("\nalter user 'root'@'localhost' account lock;\n");
  });
});

describe("retryTakenPort", () => {
  it.each([
    "Can't start server: Bind on TCP/IP port. Got error: 98: Address already in use",
    "Bind for 127.0.0.1:4000 failed: port is already allocated",
  ])("starts again after: %s", async (message) => {
    const start = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new Error(message));
    start.mockResolvedValueOnce("server");
    expect(await retryTakenPort(start)).toBe("server");
  });

  it("gives up after three attempts, and at once after any other error", async () => {
    const taken = vi
      .fn<() => Promise<string>>()
      .mockRejectedValue(new Error("address already in use"));
    await expect(retryTakenPort(taken)).rejects.toThrow("address already in use");
    expect(taken).toHaveBeenCalledTimes(3);
    const broken = vi.fn<() => Promise<string>>().mockRejectedValue(new Error("disk full"));
    await expect(retryTakenPort(broken)).rejects.toThrow("disk full");
    expect(broken).toHaveBeenCalledTimes(1);
  });
});

function isProgram(source: string): boolean {
  return source === "installed" || source === "debian";
}

async function startOrSkip(test: TestContext, options: StartMysqlOptions): Promise<RunningMysql> {
  const server = await startMysql(options);
  return "unavailable" in server ? test.skip(server.unavailable) : server;
}

/** Starts a server from another process, which then waits. */
async function startInProcess(options: StartMysqlOptions): Promise<{
  child: ReturnType<typeof spawn>;
  server: RunningMysql;
}> {
  const program = `
    const { startMysql } = await import(${JSON.stringify(SERVER_MODULE)});
    console.log(JSON.stringify(await startMysql(${JSON.stringify(options)})));
    setInterval(() => {}, 1000);`;
  const child = spawn(
    process.execPath,
    ["--no-warnings", "--input-type=module", "--eval", program],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [output] = (await once(child.stdout, "data")) as [Buffer];
  return { child, server: JSON.parse(output.toString()) as RunningMysql };
}

async function connectTo(url: string): Promise<mysql.Connection> {
  const connection = await mysql.createConnection(url);
  // An ended connection reports that here too.
  connection.on("error", () => {});
  return connection;
}

async function ask(config: mysql.ConnectionOptions, sql: string): Promise<mysql.RowDataPacket[]> {
  const connection = await mysql.createConnection(config);
  try {
    const [rows] = await connection.query<mysql.RowDataPacket[]>(sql);
    return rows;
  } finally {
    connection.destroy();
  }
}

async function listDatabases(): Promise<string[]> {
  const rows = await ask({ uri: requireMysql().url }, "show databases");
  return rows.map((row) => String(row["Database"]));
}
