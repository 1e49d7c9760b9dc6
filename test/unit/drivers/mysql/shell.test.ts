import { describe, expect, it } from "vitest";
import { clientShell } from "../../../../src/drivers/mysql/shell.ts";

describe("the shell of MySQL and MariaDB", () => {
  it("is told by a file what is secret, and by arguments where to go", () => {
    const shell = clientShell(
      { host: "db.example.com", password: 'p"a\\s#s\n', port: 3307, user: "app" },
      "tenant_acme",
      "acme",
    );
    expect(shell).toMatchObject({
      args: ["--database=tenant_acme", "--prompt=acme> "],
      commands: ["mariadb", "mysql"],
      env: {},
    });
    expect(shell.file?.text).toBe(
      [
        "[client]",
        'user="app"',
        String.raw`password="p\"a\\s#s\n"`,
        'host="db.example.com"',
        'port="3307"',
        "protocol=TCP",
        "",
      ].join("\n"),
    );
    expect(shell.file?.toArgument("/tmp/file")).toBe("--defaults-file=/tmp/file");
  });

  it("takes the socket where there is one, and no less security than the driver", () => {
    const local = clientShell({ socketPath: "/run/db.sock", user: "app" }, "main", undefined);
    expect(local.file?.text).toBe('[client]\nuser="app"\nsocket="/run/db.sock"\n');
    expect(local.args).toEqual(["--database=main", "--prompt=global> "]);
    const checked = clientShell({ ssl: "checked" }, "main", undefined).file?.text;
    expect(checked).toContain("loose-ssl-mode=VERIFY_IDENTITY\nloose-ssl-verify-server-cert");
    const unchecked = clientShell({ ssl: "unchecked" }, "main", undefined).file?.text;
    expect(unchecked).toContain("loose-ssl-mode=REQUIRED");
    expect(unchecked).not.toContain("verify");
  });
});
