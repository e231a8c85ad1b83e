/** An event of a stream of the type text/event-stream. */
export interface ServerEvent {
    /** `message` where none is said. */
    name: string;
    data: string;
}

/**
 * Reads server-sent events from text that comes in any pieces, as https://html.spec.whatwg.org/#event-stream-interpretation has it:
 * lines end with CR, LF or both, data of several lines is joined, comments are passed over, and what no empty line ends is no event.
 */
export class EventReader {
    private rest = "";
    private isFirst = true;
    private endedWithReturn = false;
    private name = "";
    private data: string[] = [];

    read(piece: string): ServerEvent[] {
        let text = piece;
        if (this.isFirst && text !== "") {
            this.isFirst = false;
            if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
        }
        // The other half of a line's end that was cut in two.
        if (this.endedWithReturn && text.startsWith("\n")) text = text.slice(1);
        if (text !== "") this.endedWithReturn = text.endsWith("\r");
        else if (piece !== "") this.endedWithReturn = false;
        const lines = (this.rest + text).split(/\r\n|\r|\n/);
        this.rest = lines.pop() ?? "";
        const events: ServerEvent[] = [];
        for (const line of lines) {
            const event = this.take(line);
            if (event !== null) events.push(event);
        }
        return events;
    }

    private take(line: string): ServerEvent | null {
        if (line === "") {
            const event = this.data.length > 0 ? { name: this.name || "message", data: this.data.join("\n") } : null;
            this.name = "";
            this.data = [];
            return event;
        }
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "data") this.data.push(value);
        if (field === "event") this.name = value;
        return null;
    }
}

/** The events of a body, as they arrive; characters that are cut between chunks are put together again. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
    const reader = body.getReader();
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const parser = new EventReader();
    try {
        for (;;) {
            const { done, value } = await reader.read();
            for (const event of parser.read(done ? decoder.decode() : decoder.decode(value, { stream: true }))) yield event;
            if (done) return;
        }
    } finally {
        // Whoever stops reading wants no more of it.
        await reader.cancel().catch(() => undefined);
    }
}
