import { describe, expect, it } from "vitest";
import { introspectSql } from "../../../../src/dialects/mysql/introspect.ts";
import { splitTable, withoutDefiner } from "../../../../src/dialects/mysql/introspect-text.ts";

describe("splitTable", () => {
  it("reads what MySQL writes, with its own in comments", () => {
    const text = `CREATE TABLE \`t\` (
  \`id\` int NOT NULL AUTO_INCREMENT,
  \`odd, (name)\` varchar(9) DEFAULT 'a, ''b'')' /*!80023 INVISIBLE */,
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`by_name\` (\`odd, (name)\`(3) DESC,(lower(\`odd, (name)\`))) /*!80000 INVISIBLE */,
  KEY \`plain\` (\`id\`) USING BTREE,
  FULLTEXT KEY \`words\` (\`odd, (name)\`) /*!50100 WITH PARSER \`ngram\` */ ,
  SPATIAL KEY \`place\` (\`g\`),
  CONSTRAINT \`t_chk_1\` CHECK ((\`id\` > 0)) /*!80016 NOT ENFORCED */,
  CONSTRAINT \`t_fk\` FOREIGN KEY (\`id\`) REFERENCES \`u\` (\`id\`)
) ENGINE=InnoDB AUTO_INCREMENT=77 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='AUTO_INCREMENT=5'
/*!50100 PARTITION BY RANGE (\`id\`)
(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB) */`;
    expect(
      splitTable(text, "").map(({ definition, kind, own }) => [kind, own, definition]),
    ).toEqual([
      [
        "table",
        null,
        "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='AUTO_INCREMENT=5'\n" +
          "/*!50100 PARTITION BY RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB) */",
      ],
      ["column", "id", "int NOT NULL AUTO_INCREMENT"],
      ["column", "odd, (name)", "varchar(9) DEFAULT 'a, ''b'')' /*!80023 INVISIBLE */"],
      ["index", "PRIMARY", "PRIMARY KEY (`id`)"],
      [
        "index",
        "by_name",
        "UNIQUE KEY (`odd, (name)`(3) DESC,(lower(`odd, (name)`))) /*!80000 INVISIBLE */",
      ],
      ["index", "plain", "KEY (`id`) USING BTREE"],
      ["index", "words", "FULLTEXT KEY (`odd, (name)`) /*!50100 WITH PARSER `ngram` */"],
      ["index", "place", "SPATIAL KEY (`g`)"],
      ["constraint", "t_chk_1", "CHECK ((`id` > 0)) /*!80016 NOT ENFORCED */"],
      ["constraint", "t_fk", "FOREIGN KEY (`id`) REFERENCES `u` (`id`)"],
    ]);
  });

  it("reads names as the session's mode has them quoted", () => {
    const text = `CREATE TABLE "t" (\n  "a""b" int DEFAULT '\\',\n  PERIOD FOR SYSTEM_TIME ("x", "y")\n) ENGINE=InnoDB`;
    expect(splitTable(text, "ANSI_QUOTES,NO_BACKSLASH_ESCAPES")).toEqual([
      { definition: "ENGINE=InnoDB", kind: "table", own: null },
      { definition: "int DEFAULT '\\'", kind: "column", own: 'a"b' },
      { definition: '("x", "y")', kind: "period", own: "SYSTEM_TIME" },
    ]);
  });
});

describe("withoutDefiner", () => {
  it.each([
    [
      "CREATE DEFINER=`root`@`localhost` PROCEDURE `p`() select 1",
      "procedure",
      "CREATE PROCEDURE `p`() select 1",
    ],
    [
      "CREATE ALGORITHM=MERGE DEFINER=`a``b`@`%` SQL SECURITY DEFINER VIEW `v` AS select 1",
      "view",
      "CREATE ALGORITHM=MERGE SQL SECURITY DEFINER VIEW `v` AS select 1",
    ],
    [
      "CREATE DEFINER=`role` FUNCTION `f`() RETURNS int return 'DEFINER=x'",
      "function",
      "CREATE FUNCTION `f`() RETURNS int return 'DEFINER=x'",
    ],
    [
      "CREATE FUNCTION `f`() RETURNS int return definer",
      "function",
      "CREATE FUNCTION `f`() RETURNS int return definer",
    ],
  ])("leaves the user out of %s", (text, kind, expected) => {
    expect(withoutDefiner(text, "", kind)).toBe(expected);
  });
});

describe("reading", () => {
  it("says what the user may not see, in place of taking it for nothing", () => {
    const reading = introspectSql.read({ except: [], lockTimeoutMs: 1, schemaName: "t" });
    let step = reading.next();
    while (step.done !== true && !step.value.text.includes("information_schema.routines")) {
      step = reading.next([]);
    }
    expect(reading.next([{ name: "secret", sql_mode: "", type: "FUNCTION" }])).toMatchObject({
      value: { text: "show create function `secret`" },
    });
    expect(() => reading.next([{ "Create Function": null, Function: "secret" }])).toThrow(
      "The database user may not see how the function `secret` is made.",
    );
  });
});
