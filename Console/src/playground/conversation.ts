import { APIError, request, send } from "../shared/api";
import { events } from "../shared/eventReader";

export interface Message {
    role: "system" | "user" | "assistant";
    content: string;
}

export interface Settings {
    model: string;
    system: string;
    temperature: string;
    max_tokens: string;
    isStreamed: boolean;
}

/** What is sent to `/v1/chat/completions`. */
export function body(settings: Settings, messages: Message[]): Record<string, unknown> {
    const number = (text: string) => (text.trim() === "" || Number.isNaN(Number(text)) ? undefined : Number(text));
    return {
        model: settings.model,
        messages: [...(settings.system.trim() === "" ? [] : [{ role: "system", content: settings.system }]), ...messages],
        temperature: number(settings.temperature),
        max_tokens: number(settings.max_tokens),
        ...(settings.isStreamed ? { stream: true, stream_options: { include_usage: true } } : {}),
    };
}

/** The same call from a shell; whatever stands in it stays one word. */
export function curl(origin: string, call: Record<string, unknown>): string {
    const json = JSON.stringify(call, null, 2).replace(/'/g, `'\\''`);
    return `curl ${origin}/v1/chat/completions \\\n  -H "Authorization: Bearer $TOKENAUDIT_API_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '${json}'\n`;
}

/** The same call by OpenAI's library. */
export function python(origin: string, call: Record<string, unknown>): string {
    const literal = (value: unknown): string =>
        value === true ? "True" : value === false ? "False" : value === null ? "None"
        : Array.isArray(value) ? `[${value.map(literal).join(", ")}]`
        : typeof value === "object" ? `{${Object.entries(value as object).filter(([, item]) => item !== undefined).map(([name, item]) => `${JSON.stringify(name)}: ${literal(item)}`).join(", ")}}`
        : JSON.stringify(value);
    const members = Object.entries(call).filter(([, value]) => value !== undefined).map(([name, value]) => `    ${name}=${literal(value)},\n`).join("");
    const isStreamed = call.stream === true;
    return [
        "import os",
        "from openai import OpenAI",
        "",
        `client = OpenAI(base_url=${JSON.stringify(`${origin}/v1`)}, api_key=os.environ["TOKENAUDIT_API_KEY"])`,
        `answer = client.chat.completions.create(\n${members})`,
        ...(isStreamed
            ? ["for chunk in answer:", "    if chunk.choices:", '        print(chunk.choices[0].delta.content or "", end="", flush=True)']
            : ["print(answer.choices[0].message.content)"]),
        "",
    ].join("\n");
}

export interface Usage {
    prompt_tokens: number;
    completion_tokens: number;
}

/** What is known of an answer so far. */
export interface Progress {
    text: string;
    reasoning: string;
    usage: Usage | null;
    finish: string | null;
    requestID: string | null;
    /** Until the first words, in milliseconds. */
    first: number | null;
}

interface Chunk {
    choices?: { delta?: Delta; message?: Delta; finish_reason?: string | null }[];
    usage?: Usage | null;
    error?: { message?: string; code?: string };
}

interface Delta {
    content?: string | null;
    reasoning_content?: string | null;
}

/** A key of the playground's, in memory alone; made anew when its time is over. */
export class PlaygroundKey {
    private secret: string | null = null;

    private async mint(): Promise<string> {
        const { value } = await send<{ api_key: string }>("POST", "/api/me/playground-key/");
        this.secret = value.api_key;
        return value.api_key;
    }

    async ask(method: string, path: string, sent: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {}): Promise<Response> {
        const by = (key: string) => request(method, path, { ...sent, headers: { ...sent.headers, Authorization: `Bearer ${key}` } });
        const isFresh = this.secret === null;
        try {
            return await by(this.secret ?? (await this.mint()));
        } catch (error) {
            if (!(error instanceof APIError) || error.status !== 401 || isFresh) throw error;
            return by(await this.mint());
        }
    }
}

/** Calls the model and tells what there is of the answer, again and again until it is whole. */
export async function call(key: PlaygroundKey, sent: Record<string, unknown>, signal: AbortSignal, tell: (progress: Progress) => void): Promise<Progress & { cost: string | null }> {
    const began = performance.now();
    const response = await key.ask("POST", "/v1/chat/completions", { body: sent, signal, headers: sent.stream === true ? { Accept: "text/event-stream" } : {} });
    let progress: Progress = { text: "", reasoning: "", usage: null, finish: null, requestID: response.headers.get("x-request-id"), first: null };
    tell(progress);
    const take = (chunk: Chunk) => {
        if (chunk.error !== undefined) throw new APIError(0, chunk.error.message ?? "", chunk.error.code ?? "");
        const choice = chunk.choices?.[0];
        const delta = choice?.delta ?? choice?.message;
        const [text, reasoning] = [delta?.content ?? "", delta?.reasoning_content ?? ""];
        progress = {
            ...progress,
            text: progress.text + text,
            reasoning: progress.reasoning + reasoning,
            usage: chunk.usage ?? progress.usage,
            finish: choice?.finish_reason ?? progress.finish,
            first: progress.first ?? (text !== "" || reasoning !== "" ? performance.now() - began : null),
        };
        tell(progress);
    };
    const isStream = (response.headers.get("Content-Type") ?? "").startsWith("text/event-stream");
    if (!isStream || response.body === null) {
        take((await response.json()) as Chunk);
        return { ...progress, first: null, cost: response.headers.get("x-tokenaudit-cost") };
    }
    for await (const event of events(response.body)) {
        if (event.data === "[DONE]") break;
        take(JSON.parse(event.data) as Chunk);
    }
    return { ...progress, cost: null };
}

/** What a call was charged, once it is booked: a call that was left is read to its end for that. Null if it takes longer than half a minute. */
export async function cost(key: PlaygroundKey, requestID: string): Promise<string | null> {
    for (const wait of [0, 150, 300, 600, 1_200, 2_400, 4_800, 9_600, 19_200]) {
        await new Promise((resolve) => setTimeout(resolve, wait));
        const response = await key.ask("GET", `/v1/usage?request_id=${encodeURIComponent(requestID)}`).catch(() => null);
        const report = response === null ? null : ((await response.json()) as { recent: { cost: string; state: string }[] });
        const bill = report?.recent[0];
        if (bill !== undefined && (bill.state === "captured" || bill.state === "voided")) return bill.cost;
    }
    return null;
}
