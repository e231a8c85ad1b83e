import { Page, path } from "./api";
import { useChoices } from "./router";
import { Asked, useAPI } from "./useAPI";

export const pageSize = 50;

export interface List<Row, Choices> {
    asked: Asked<Page<Row>>;
    choices: Choices;
    /** A choice that changes what is listed begins at the first page. */
    choose: (change: Partial<Choices>) => void;
    reset: () => void;
    page: number;
    isFiltered: boolean;
}

/**
 * A list of the server's, with its page, order and filters in the address.
 * `question` says what is asked for the choices, where they are not the server's own words.
 */
export function useList<Row, Choices extends { page: string; ordering: string } & Record<string, string>>(
    room: string,
    base: string,
    defaults: Choices,
    question: (choices: Choices) => Record<string, string> = (choices) => choices,
): List<Row, Choices> {
    const [choices, change, reset] = useChoices<Choices>(room, defaults);
    const page = Number(choices.page) || 1;
    const asked = useAPI<Page<Row>>(path(base, { ...question(choices), page: page === 1 ? "" : page, page_size: pageSize }));
    const choose = (wanted: Partial<Choices>) => change("page" in wanted ? wanted : { ...wanted, page: "1" });
    const isFiltered = Object.keys(defaults).some((name) => name !== "page" && name !== "ordering" && choices[name] !== defaults[name]);
    return { asked, choices, choose, reset, page, isFiltered };
}
