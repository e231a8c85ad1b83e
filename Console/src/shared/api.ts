import { preferences } from "./preferences";

/** What the API refused, or that it could not be reached (`status` 0). */
export class APIError extends Error {
    constructor(
        readonly status: number,
        message: string,
        /** A stable word for programs; empty where there is none. */
        readonly code: string,
        /** What is wrong with which member of what was sent. */
        readonly fields: Record<string, string[]> = {},
        readonly retryAfterSeconds: number | null = null,
    ) {
        super(message);
    }
}

export interface Page<Row> {
    count: number;
    next: string | null;
    previous: string | null;
    results: Row[];
}

/** A list that is not counted. */
export interface Slice<Row> {
    next: string | null;
    previous: string | null;
    results: Row[];
}

export interface Answer<Value> {
    value: Value;
    /** Sent back with a change, so that nobody's work is written over. */
    version: string | null;
}

export interface Sent {
    body?: unknown;
    /** An `ETag`: the change is refused with 412 if somebody else was quicker. */
    version?: string | null;
    /** Sent again with the same key, it is not done again. */
    idempotencyKey?: string;
    headers?: Record<string, string>;
    signal?: AbortSignal;
}

const csrfCookie = "__Host-tokenaudit-csrf";

/** Our own cookie that scripts may read, and that another site's could not. */
function csrfToken(): string | null {
    const pair = document.cookie.split("; ").find((pair) => pair.startsWith(`${csrfCookie}=`));
    return pair === undefined ? null : pair.slice(csrfCookie.length + 1);
}

/** Whether a session may stand; only the server knows. */
export function mayBeSignedIn(): boolean {
    return csrfToken() !== null;
}

function headers(sent: Sent): Headers {
    const headers = new Headers({ "Accept": "application/json", "Accept-Language": preferences().language, ...sent.headers });
    if (sent.body !== undefined && !headers.has("Content-Type")) headers.set("Content-Type", "application/json");
    const token = csrfToken();
    if (token !== null) headers.set("X-CSRF-Token", token);
    if (sent.version) headers.set("If-Match", sent.version);
    if (sent.idempotencyKey !== undefined) headers.set("Idempotency-Key", sent.idempotencyKey);
    return headers;
}

async function refusal(response: Response): Promise<APIError> {
    const retryAfter = Number(response.headers.get("Retry-After"));
    let told: unknown = null;
    try {
        told = await response.json();
    } catch {
        // A proxy's page: its status says what there is to say.
    }
    const members = typeof told === "object" && told !== null ? (told as Record<string, unknown>) : {};
    // Below /v1 errors have OpenAI's envelope.
    const inner = typeof members.error === "object" && members.error !== null ? (members.error as Record<string, unknown>) : members;
    const fields: Record<string, string[]> = {};
    for (const [name, value] of Object.entries(members)) {
        if (Array.isArray(value)) fields[name] = value.map(String);
    }
    const message = inner.detail ?? inner.message ?? Object.values(fields)[0]?.[0] ?? `HTTP ${response.status}`;
    return new APIError(
        response.status,
        String(message),
        typeof inner.code === "string" ? inner.code : "",
        fields,
        retryAfter > 0 ? retryAfter : null,
    );
}

async function ask(method: string, path: string, sent: Sent): Promise<Response> {
    try {
        return await fetch(path, {
            method,
            headers: headers(sent),
            body: sent.body === undefined ? undefined : typeof sent.body === "string" ? sent.body : JSON.stringify(sent.body),
            credentials: "same-origin",
            cache: "no-store",
            signal: sent.signal,
        });
    } catch (error) {
        if (error instanceof DOMException && error.name === "AbortError") throw error;
        throw new APIError(0, preferences().language === "zh-CN" ? "无法连接网关。" : "The gateway cannot be reached.", "unreachable");
    }
}

let renewal: Promise<boolean> | null = null;
let onSignedOut = () => {};

/** Called when the session is over and cannot be renewed. */
export function whenSignedOut(tell: () => void) {
    onSignedOut = tell;
}

/** One renewal at a time: a refresh token that comes twice ends its session. Other tabs wait for the lock and find it done. */
function renew(failed: string | null): Promise<boolean> {
    renewal ??= navigator.locks
        .request("tokenaudit.session", async () => {
            const now = csrfToken();
            if (now === null) return false;
            // The cookie is another one than the failed request had: another tab has renewed the session meanwhile.
            if (now !== failed) return true;
            return (await ask("POST", "/api/auth/refresh/", {})).ok;
        })
        .finally(() => {
            renewal = null;
        });
    return renewal;
}

/** A response that is ok; the session is renewed on the way where it has to be. */
export async function request(method: string, path: string, sent: Sent = {}): Promise<Response> {
    const token = csrfToken();
    let response = await ask(method, path, sent);
    if (response.status === 401 && token !== null && !path.startsWith("/api/auth/login") && !path.startsWith("/v1/")) {
        if (await renew(token)) response = await ask(method, path, sent);
    }
    if (response.ok) return response;
    const error = await refusal(response);
    if (response.status === 401 && path !== "/api/auth/me/" && !path.startsWith("/api/auth/login") && !path.startsWith("/v1/")) {
        onSignedOut();
    }
    throw error;
}

/** Reads a GET's answer. */
export async function get<Value>(path: string, signal?: AbortSignal): Promise<Answer<Value>> {
    const response = await request("GET", path, { signal });
    return { value: (await response.json()) as Value, version: response.headers.get("ETag") };
}

/** Asks for a change. The value of an answer without a body is null. */
export async function send<Value = null>(
    method: "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    sent: Sent = {},
): Promise<Answer<Value>> {
    const response = await request(method, path, sent);
    const text = await response.text();
    return { value: (text === "" ? null : JSON.parse(text)) as Value, version: response.headers.get("ETag") };
}

/** `/api/admin/keys/?search=a`: what is undefined, null or empty is left out. */
export function path(base: string, query: Record<string, string | number | boolean | null | undefined> = {}): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
        if (value !== undefined && value !== null && value !== "") parameters.set(name, String(value));
    }
    const text = parameters.toString();
    return text === "" ? base : `${base}?${text}`;
}
