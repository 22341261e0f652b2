import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import type * as T from "./types";

/** What is read of each answer. The server's tests hold openapi.json equal to what it serves. */
export interface Answers {
  "/api/v1/session": T.Session;
  "/api/v1/keys": T.Page<T.Key>;
  "/api/v1/overview": T.Overview;
  "/api/v1/calls": T.Page<T.Call>;
  "/api/v1/calls/{id}": T.CallDetail;
  "/api/v1/sessions": T.Page<T.SessionSummary>;
  "/api/v1/sessions/tree": T.SessionDetail;
  "/api/v1/providers": T.Page<T.Provider>;
  "/api/v1/routes": T.Page<T.Route>;
  "/api/v1/connect": T.Connect;
  "POST /api/v1/keys": T.CreatedKey;
  "DELETE /api/v1/keys/{id}": T.Key;
  "POST /api/v1/session": T.Session;
  "POST /api/v1/session/link": T.Session;
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
}

const served = JSON.parse(readFileSync(new URL("openapi.json", import.meta.url), "utf8")) as {
  paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, { schema: Schema }> }> }>>;
  components: { schemas: Record<string, Schema> };
};
const program = ts.createProgram([import.meta.filename], { strict: true, target: ts.ScriptTarget.ES2022, moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext, types: [] });
const checker = program.getTypeChecker();

/** Where a type and a schema say different things. What the console does not read may be more. */
function differences(type: ts.Type, given: Schema, place: string, seen: string[] = []): string[] {
  const { schema, nullable, name } = resolve(given);
  if (type.flags & ts.TypeFlags.Unknown) return [];
  const parts = type.isUnion() ? type.types : [type];
  const some = parts.filter((part) => !(part.flags & ts.TypeFlags.Null));
  const found = parts.length > some.length === nullable ? [] : [`${place}: ${nullable ? "may" : "cannot"} be null`];
  const wanted = [...new Set(some.map(kind))].join(" or ");
  const kinds = [schema.type].flat().filter((word) => word !== "null").map((word) => (word === "integer" ? "number" : word)).join(" or ");
  if (wanted !== kinds) return [...found, `${place}: is ${kinds}, not ${wanted}`];
  if (wanted === "array") return [...found, ...differences(checker.getTypeArguments(some[0] as ts.TypeReference)[0]!, schema.items!, `${place}[]`, seen)];
  if (wanted !== "object" || (name && seen.includes(name))) return found;
  return found.concat(
    checker.getPropertiesOfType(some[0]!).flatMap((property) => {
      const inner = schema.properties?.[property.name];
      const at = `${place}.${property.name}`;
      return inner ? differences(checker.getTypeOfSymbol(property), inner, at, name ? [...seen, name] : seen) : [`${at}: is not there`];
    }),
  );
}

function resolve(schema: Schema, nullable = false): { schema: Schema; nullable: boolean; name?: string } {
  const other = schema.oneOf?.find(({ type }) => type !== "null");
  if (other) return resolve(other, true);
  const name = schema.$ref?.split("/").at(-1);
  return { schema: name ? served.components.schemas[name]! : schema, nullable: nullable || [schema.type].flat().includes("null"), name };
}

function kind(type: ts.Type): string {
  if (type.flags & ts.TypeFlags.StringLike) return "string";
  if (type.flags & ts.TypeFlags.NumberLike) return "number";
  if (type.flags & ts.TypeFlags.BooleanLike) return "boolean";
  return checker.isArrayType(type) ? "array" : "object";
}

describe("the types of the API", () => {
  const source = program.getSourceFile(import.meta.filename)!;
  const answers = checker.getTypeAtLocation(source.statements.find((statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === "Answers")!);

  it.each(checker.getPropertiesOfType(answers))("are what the server serves at $name", (answer) => {
    const [path, method = "GET"] = answer.name.split(" ").reverse() as [string, string?];
    const { responses } = served.paths[path]![method.toLowerCase()]!;
    const content = (responses[201] ?? responses[200])!.content!;
    expect(differences(checker.getTypeOfSymbol(answer), Object.values(content)[0]!.schema, answer.name)).toEqual([]);
  });
});
