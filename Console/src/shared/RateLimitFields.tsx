import { FormState, TextField } from "./Form";
import { words } from "./words";

const useRateWords = words({
    en: { title: "Rate limits", note: "Empty: no limit of its own.", requests: "Requests a minute", tokens: "Tokens a minute", calls: "Calls at a time", none: "no limit" },
    zh: { title: "速率限制", note: "留空表示没有单独的限制。", requests: "每分钟请求数", tokens: "每分钟 Token 数", calls: "同时进行的调用数", none: "不限" },
});

export interface RateLimits {
    requests_per_minute: number | null;
    tokens_per_minute: number | null;
    concurrent_calls: number | null;
}

/** As they stand in fields: empty is no limit. */
export type RateLimitValues = { requests_per_minute: string; tokens_per_minute: string; concurrent_calls: string };

export const rateLimitNames = ["requests_per_minute", "tokens_per_minute", "concurrent_calls"] as const;

export function rateLimitValues(limits?: RateLimits): RateLimitValues {
    const text = (value: number | null | undefined) => (value === null || value === undefined ? "" : String(value));
    return {
        requests_per_minute: text(limits?.requests_per_minute),
        tokens_per_minute: text(limits?.tokens_per_minute),
        concurrent_calls: text(limits?.concurrent_calls),
    };
}

/** What is no number goes as it was written: the server says at the field what it takes. */
export function wholeOrNull(text: string): number | string | null {
    const trimmed = text.trim();
    return trimmed === "" ? null : /^\d{1,15}$/.test(trimmed) ? Number(trimmed) : trimmed;
}

export function RateLimitFields<Values extends RateLimitValues & Record<string, unknown>>({ form }: { form: FormState<Values> }) {
    const say = useRateWords();
    const limits = form as unknown as FormState<RateLimitValues>;
    return (
        <fieldset>
            <legend>{say("title")}</legend>
            <p className="field-note">{say("note")}</p>
            <div className="fields">
                <TextField form={limits} name="requests_per_minute" label={say("requests")} isNumber placeholder={say("none")} />
                <TextField form={limits} name="tokens_per_minute" label={say("tokens")} isNumber placeholder={say("none")} />
                <TextField form={limits} name="concurrent_calls" label={say("calls")} isNumber placeholder={say("none")} />
            </div>
        </fieldset>
    );
}

/** The limits in a line: "60 requests a minute · 4 calls at a time". */
export function useRateLimitText(): (limits: RateLimits) => string | null {
    const say = useRateWords();
    return (limits) => {
        const parts: [number | null, string][] = [
            [limits.requests_per_minute, say("requests")], [limits.tokens_per_minute, say("tokens")], [limits.concurrent_calls, say("calls")],
        ];
        const told = parts.filter(([value]) => value !== null).map(([value, name]) => `${name}: ${value!.toLocaleString()}`);
        return told.length === 0 ? null : told.join(" · ");
    };
}
