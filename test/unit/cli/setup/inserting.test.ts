import { describe, expect, it } from "vitest";
import { insertImports } from "../../../../src/cli/setup/insert-code.ts";
import { insertMembers } from "../../../../src/cli/setup/insert-json.ts";
import { insertVariables } from "../../../../src/cli/setup/insert-lines.ts";
import { insertModels } from "../../../../src/cli/setup/insert-models.ts";

const IMPORTS = [{ from: "kirayedar", names: ["a", "b"] }];

describe("imports", () => {
  it("come behind the last one, in the file's own style", () => {
    expect(insertImports("import x from 'x'\nimport {\n  y,\n} from 'y'\n\nx()\n", IMPORTS)).toBe(
      "import x from 'x'\nimport {\n  y,\n} from 'y'\nimport { a, b } from 'kirayedar'\n\nx()\n",
    );
    expect(insertImports('import "x";\r\nx();\r\n', IMPORTS)).toBe(
      'import "x";\r\nimport { a, b } from "kirayedar";\r\nx();\r\n',
    );
  });

  it("are required where the others are", () => {
    const text = "'use strict';\n\nconst x = require('x');\nconst y = require('y').y;\nrun();\n";
    expect(insertImports(text, IMPORTS)).toBe(
      "'use strict';\n\nconst x = require('x');\nconst y = require('y').y;\nconst { a, b } = require('kirayedar');\nrun();\n",
    );
  });

  it("are not misled by what only looks like one", () => {
    const text =
      'import x from "x";\n/*\nimport old from "old";\n*/\nconst t = `\nimport z from "z";\n`;\n';
    expect(insertImports(text, IMPORTS)).toBe(
      text.replace('"x";\n', '"x";\nimport { a, b } from "kirayedar";\n'),
    );
  });

  it("stand at the top of a file without any, behind what has to be first", () => {
    expect(insertImports("#!/usr/bin/env node\nrun();\n", IMPORTS)).toBe(
      '#!/usr/bin/env node\nimport { a, b } from "kirayedar";\n\nrun();\n',
    );
    expect(insertImports('import "x"', IMPORTS)).toBe(
      'import "x"\nimport { a, b } from "kirayedar"\n',
    );
  });
});

describe("scripts", () => {
  const add = (text: string): string => insertMembers(text, "scripts", { new: "n", old: "other" });

  it.each([
    [
      '{\n  "scripts": {\n    "old": "o"\n  }\n}\n',
      '{\n  "scripts": {\n    "old": "o",\n    "new": "n"\n  }\n}\n',
    ],
    [
      '{\r\n\t"scripts": {\r\n\t\t"old": "}{"\r\n\t}\r\n}',
      '{\r\n\t"scripts": {\r\n\t\t"old": "}{",\r\n\t\t"new": "n"\r\n\t}\r\n}',
    ],
    [
      '{\n    "files": ["a", "b"],\n    "scripts": {}\n}',
      '{\n    "files": ["a", "b"],\n    "scripts": {\n        "new": "n",\n        "old": "other"\n    }\n}',
    ],
    [
      '{\n  "a": { "scripts": { "x": "y" } },\n  "scripts": { "old": "o" }\n}\n',
      '{\n  "a": { "scripts": { "x": "y" } },\n  "scripts": {\n    "old": "o",\n    "new": "n"\n  }\n}\n',
    ],
    [
      '{\n  "name": "scripts"\n}\n',
      '{\n  "name": "scripts",\n  "scripts": {\n    "new": "n",\n    "old": "other"\n  }\n}\n',
    ],
    ["{}", '{\n  "scripts": {\n    "new": "n",\n    "old": "other"\n  }\n}'],
  ])("are added to %j, and everything else stays", (before, after) => {
    expect(add(before)).toBe(after);
    expect(add(after)).toBe(after);
    expect(() => void JSON.parse(after)).not.toThrow();
  });
});

describe("variables", () => {
  it("are added once, with the file's line ends", () => {
    const lines = [
      { name: "A", value: "1" },
      { about: "why", name: "B", value: "2" },
    ];
    const after = insertVariables("# mine\r\nA=0\r\nC=3", lines);
    expect(after).toBe("# mine\r\nA=0\r\nC=3\r\n# why\r\nB=2\r\n");
    expect(insertVariables(after, lines)).toBe(after);
  });
});

describe("models of Prisma", () => {
  it("are added unless the schema has one of the name, or of the table", () => {
    const models = [
      { name: "A", table: "as", text: "model A {\n}\n" },
      { name: "B", table: "bs", text: "model B {\n}\n" },
      { name: "C", table: "cs", text: "model C {\n}\n" },
    ];
    const schema = 'model A {\n}\nmodel Bee {\n  @@map("bs")\n}\n';
    expect(insertModels(schema, models)).toBe(`${schema}\nmodel C {\n}\n`);
  });
});
