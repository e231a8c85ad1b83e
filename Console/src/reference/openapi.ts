/** The parts of OpenAPI 3.1 that the gateway's document is made of. */
export interface Schema {
    type?: string;
    title?: string;
    format?: string;
    description?: string;
    pattern?: string;
    enum?: string[];
    minimum?: number;
    maximum?: number;
    minLength?: number;
    maxLength?: number;
    minItems?: number;
    maxItems?: number;
    anyOf?: Schema[];
    items?: Schema;
    properties?: Record<string, Schema>;
    required?: string[];
}

export interface Parameter {
    name: string;
    in: "path" | "query" | "header";
    required: boolean;
    description?: string;
    schema: Schema;
}

type Content = Record<string, { schema: Schema }>;

export interface Operation {
    operationId: string;
    summary: string;
    tags: string[];
    description?: string;
    parameters?: Parameter[];
    requestBody?: { required: boolean; content: Content };
    responses: Record<string, { description: string; content?: Content }>;
    security?: unknown[];
}

export interface OpenAPI {
    info: { title: string; version: string; description: string };
    paths: Record<string, Record<string, Operation>>;
}

/** An operation with where it is. */
export interface Entry {
    id: string;
    method: string;
    path: string;
    tag: string;
    /** The least role, or null: anybody. */
    role: string | null;
    operation: Operation;
}

export function entries(document: OpenAPI): Entry[] {
    const found: Entry[] = [];
    for (const [path, methods] of Object.entries(document.paths)) {
        for (const [method, operation] of Object.entries(methods)) {
            found.push({
                id: operation.operationId, method: method.toUpperCase(), path, operation, tag: operation.tags[0] ?? "",
                role: /^For (\w+) and up/.exec(operation.description ?? "")?.[1] ?? null,
            });
        }
    }
    const order = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    return found.sort((a, b) => a.tag.localeCompare(b.tag) || a.path.localeCompare(b.path) || order.indexOf(a.method) - order.indexOf(b.method));
}

/** A schema in a few words: `text`, `integer 1–50`, `one of a, b`, `list of Key`. Null is told apart. */
export function kind(schema: Schema): { text: string; isNullable: boolean } {
    if (schema.anyOf !== undefined) {
        const others = schema.anyOf.filter((one) => one.type !== "null");
        return { text: [...new Set(others.map((one) => kind(one).text))].join(" | "), isNullable: others.length < schema.anyOf.length };
    }
    return { text: plain(schema), isNullable: false };
}

function plain(schema: Schema): string {
    if (schema.enum !== undefined) return schema.enum.map((value) => `"${value}"`).join(" | ");
    if (schema.type === "array") return `[${schema.items === undefined ? "any" : kind(schema.items).text}]`;
    if (schema.type === "object") return schema.title ?? "object";
    if (schema.type === "string") {
        if (schema.format !== undefined) return schema.format;
        return isMoney(schema) ? "decimal" : schema.maxLength !== undefined ? `string ≤ ${schema.maxLength}` : "string";
    }
    if (schema.type === "integer" && schema.minimum !== undefined && schema.maximum !== undefined && schema.maximum < 1e12) return `integer ${schema.minimum}–${schema.maximum}`;
    return schema.type ?? "any";
}

function isMoney(schema: Schema): boolean {
    return schema.pattern !== undefined && /\\\.[[(]?[0-9([]/.test(schema.pattern) && /\{1,12\}|\{2,12\}/.test(schema.pattern);
}

export interface Member {
    name: string;
    kind: string;
    isRequired: boolean;
    isNullable: boolean;
    note: string;
    depth: number;
}

/** An object's members, those of objects inside it below them. */
export function members(schema: Schema, depth = 0): Member[] {
    const object = objectIn(schema);
    if (object?.properties === undefined || depth > 3) return [];
    return Object.entries(object.properties).flatMap(([name, inner]) => {
        const told = kind(inner);
        return [
            { name, kind: told.text, isNullable: told.isNullable, isRequired: object.required?.includes(name) ?? false, note: inner.description ?? "", depth },
            ...members(inner, depth + 1),
        ];
    });
}

function objectIn(schema: Schema): Schema | undefined {
    if (schema.properties !== undefined) return schema;
    if (schema.items !== undefined) return objectIn(schema.items);
    return schema.anyOf?.map(objectIn).find((found) => found !== undefined);
}

export function jsonSchema(content: Content | undefined): Schema | undefined {
    return content?.["application/json"]?.schema;
}

/** A value that fits, for an example. */
function sample(name: string, schema: Schema): unknown {
    const inner = schema.anyOf?.find((one) => one.type !== "null") ?? schema;
    if (inner.enum !== undefined) return inner.enum[0];
    if (inner.type === "integer" || inner.type === "number") return Math.max(inner.minimum ?? 1, 1);
    if (inner.type === "boolean") return true;
    if (inner.type === "array") return inner.items === undefined ? [] : [sample(name, inner.items)];
    if (inner.type === "object") return body(inner, false);
    if (inner.format === "date-time") return "2030-01-01T00:00:00Z";
    if (isMoney(inner)) return "1.00";
    if (name.includes("email")) return "ada@example.com";
    if (name.includes("url")) return "https://api.example.com/v1";
    if (name.includes("request_id")) return "019aebd7-0000-7000-8000-000000000000";
    return name === "name" ? "workshop" : "…";
}

function body(schema: Schema, isChange: boolean): Record<string, unknown> {
    const properties = Object.entries(schema.properties ?? {});
    const needed = properties.filter(([name]) => schema.required?.includes(name));
    const chosen = needed.length > 0 ? needed : isChange ? properties.slice(0, 1) : [];
    return Object.fromEntries(chosen.map(([name, inner]) => [name, sample(name, inner)]));
}

/** The operation with curl, as it can be pasted into a shell that has the token. */
export function example({ method, path, role, operation }: Entry, origin: string): string {
    const at = origin + path.replace("{request_id}", "019aebd7-0000-7000-8000-000000000000").replace(/\{\w+\}/g, "1");
    const lines = [`curl ${method === "GET" ? "" : `-X ${method} `}'${at}'`];
    if (role !== null) lines.push(`-H "Authorization: Bearer $ACCESS_TOKEN"`);
    if (operation.parameters?.some((parameter) => parameter.name === "Idempotency-Key")) lines.push(`-H "Idempotency-Key: $(uuidgen)"`);
    const schema = jsonSchema(operation.requestBody?.content);
    if (schema !== undefined) {
        lines.push(`-H 'Content-Type: application/json'`);
        lines.push(`-d '${JSON.stringify(body(schema, true)).replace(/'/g, `'\\''`)}'`);
    }
    return lines.join(" \\\n  ");
}
