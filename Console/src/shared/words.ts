import { preferences, usePreferences } from "./preferences";

/** Values for the holes of a sentence; `n` also chooses between its forms. */
export type Values = Record<string, string | number>;

const plurals = { "en": new Intl.PluralRules("en"), "zh-CN": new Intl.PluralRules("zh-CN") };

/** `"{n} call|{n} calls"`: the form that `n` asks for, its holes filled. A language without plurals writes one form. */
export function fill(text: string, values?: Values): string {
    if (values === undefined) return text;
    const { language } = preferences();
    const forms = text.split("|");
    const isOne = typeof values.n === "number" && plurals[language].select(values.n) === "one";
    const form = forms.length > 1 && !isOne ? forms[1] : forms[0];
    return (form ?? text).replace(/\{(\w+)\}/g, (hole, name: string) => {
        const value = values[name];
        if (typeof value === "number") return new Intl.NumberFormat(language).format(value);
        return value ?? hole;
    });
}

export type Say<Key extends string> = (key: Key, values?: Values) => string;

/**
 * A room's sentences in both languages. What one has and the other lacks does not compile.
 *
 *     export const useWords = words({ en: { title: "Keys" }, zh: { title: "密钥" } });
 *     const say = useWords(); say("title")
 */
export function words<Key extends string>(texts: {
    en: Record<Key, string>;
    zh: Record<NoInfer<Key>, string>;
}): () => Say<Key> {
    return () => {
        const { language } = usePreferences();
        const chosen: Record<Key, string> = language === "zh-CN" ? texts.zh : texts.en;
        return (key, values) => fill(chosen[key], values);
    };
}

type NoInfer<T> = [T][T extends unknown ? 0 : never];
