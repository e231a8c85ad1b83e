import { path } from "../shared/api";
import { approximately, decimal, picos } from "../shared/money";
import type { Formatter } from "../shared/format";
import { defaultPeriod } from "../shared/period";
import { Figures, Group, Statistics, tokens } from "../shared/statistics";

/** By what sums are kept; of one of them at a time. */
export const dimensions = ["model", "provider", "user", "key", "group"] as const;
export type Dimension = (typeof dimensions)[number];
export const measures = ["spend", "requests", "tokens"] as const;
export type Measure = (typeof measures)[number];

/** All of the page's choices, as the address has them. */
export const defaults = { ...defaultPeriod, range: "30d", view: "time", by: "", measure: "spend", model: "", provider: "", user: "", key: "", group: "" };
export type Choices = typeof defaults;

/** What the page is narrowed to, if it is. */
export function narrowed(choices: Choices, isStaff: boolean): { dimension: Dimension; id: string } | null {
    if (!isStaff) return null;
    const dimension = dimensions.find((name) => /^\d+$/.test(choices[name]));
    return dimension === undefined ? null : { dimension, id: choices[dimension] };
}

/** Where such sums are asked for; narrowed ones come with the name of what they are narrowed to. */
export function question(choices: Choices, isStaff: boolean, over: Record<string, string>, by?: Dimension | ""): string {
    const one = narrowed(choices, isStaff);
    return path(isStaff ? "/api/admin/stats/billing/" : "/api/me/stats/billing/", {
        ...over,
        group_by: one?.dimension ?? (by || undefined),
        limit: by || one ? 8 : undefined,
        ...(one === null ? {} : { [one.dimension]: one.id }),
    });
}

/** The list of calls behind a figure. */
export function calls(over: { from: string; to: string }, one: { dimension: Dimension; id: string | number } | null): string {
    const name = one?.dimension === "group" ? "model_group" : one?.dimension;
    return path("/requests", { ...over, ...(name === undefined ? {} : { [name]: one?.id }) });
}

export function amount(figures: Figures, measure: Measure): number {
    return measure === "spend" ? approximately(figures.spend) : measure === "requests" ? figures.requests : tokens(figures);
}

export function exactly(figures: Figures, measure: Measure, format: Formatter): string {
    return measure === "spend" ? format.exactMoney(figures.spend) : format.count(amount(figures, measure));
}

export function shown(value: number, measure: Measure, format: Formatter): string {
    return measure === "spend" ? format.money(String(value)) : format.short(value);
}

/** A group's values over time, with the exact texts where it is money. */
export function values(group: Group, measure: Measure, format: Formatter): { values: number[]; texts?: string[] } {
    if (measure === "spend") return { values: group.spend.map(approximately), texts: group.spend.map((text) => format.exactMoney(text)) };
    return { values: measure === "requests" ? group.requests : group.tokens };
}

/** What the groups that are not shown come to, piece by piece. */
export function others(statistics: Statistics, measure: Measure, format: Formatter): { values: number[]; texts?: string[] } | null {
    const groups = statistics.groups ?? [];
    if (!statistics.others) return null;
    if (measure === "spend") {
        const rest = statistics.series.map((piece, index) => decimal(picos(piece.figures.spend) - groups.reduce((sum, group) => sum + picos(group.spend[index] ?? "0"), BigInt(0))));
        return { values: rest.map(approximately), texts: rest.map((text) => format.exactMoney(text)) };
    }
    const name = measure === "requests" ? "requests" : "tokens";
    return { values: statistics.series.map((piece, index) => amount(piece.figures, measure) - groups.reduce((sum, group) => sum + (group[name][index] ?? 0), 0)) };
}
