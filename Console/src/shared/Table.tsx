import { KeyboardEvent, MouseEvent, ReactNode } from "react";
import { Button, Empty } from "./Parts";
import { Icon } from "./Icon";
import { useKitWords } from "./kitWords";
import { go, Link } from "./router";

export interface Column<Row> {
    /** Also what the server sorts by, where `isSorted` says that it can. */
    name: string;
    title: string;
    show: (row: Row) => ReactNode;
    isNumber?: boolean;
    isSorted?: boolean;
    /** Left out where the window is narrow. */
    isMinor?: boolean;
}

/**
 * Rows under headings. On a narrow window the table scrolls inside itself, never the page.
 * `ordering` is the server's: a column's name, with a minus before it for the other way.
 */
export function Table<Row>(props: {
    label: string;
    columns: Column<Row>[];
    rows: Row[];
    id: (row: Row) => string | number;
    ordering?: string;
    onOrder?: (ordering: string) => void;
    /** Where a row leads; its first cell is the link, and a click beside what can be clicked goes there too. */
    to?: (row: Row) => string;
    onOpen?: (row: Row) => void;
    actions?: (row: Row) => ReactNode;
    empty?: ReactNode;
    isDim?: (row: Row) => boolean;
}) {
    const say = useKitWords();
    if (props.rows.length === 0) return <>{props.empty ?? <Empty />}</>;
    const order = (column: Column<Row>) => props.onOrder?.(props.ordering === column.name ? `-${column.name}` : column.name);
    const open = (event: KeyboardEvent, row: Row) => {
        if (event.key === "Enter" && event.target === event.currentTarget) props.onOpen?.(row);
    };
    const click = (event: MouseEvent, row: Row) => {
        if (props.onOpen) return props.onOpen(row);
        const isSelecting = !(getSelection()?.isCollapsed ?? true);
        if (props.to && !isSelecting && !(event.target as Element).closest("a, button, input, select, label, summary")) go(props.to(row));
    };
    return (
        <div className="table-frame" tabIndex={0} role="region" aria-label={props.label}>
            <table>
                <caption className="unseen">{props.label}</caption>
                <thead>
                    <tr>
                        {props.columns.map((column) => {
                            const isUp = props.ordering === column.name;
                            const isDown = props.ordering === `-${column.name}`;
                            return (
                                <th
                                    key={column.name}
                                    scope="col"
                                    className={`${column.isNumber ? "number" : ""}${column.isMinor ? " minor" : ""}`}
                                    aria-sort={isUp ? "ascending" : isDown ? "descending" : undefined}
                                >
                                    {column.isSorted && props.onOrder ? (
                                        <button type="button" className="sort" title={say("sortBy", { column: column.title })} onClick={() => order(column)}>
                                            {column.title}
                                            {(isUp || isDown) && <Icon name={isUp ? "up" : "down"} />}
                                        </button>
                                    ) : (
                                        column.title
                                    )}
                                </th>
                            );
                        })}
                        {props.actions && <th scope="col" className="row-actions"><span className="unseen">{say("actions")}</span></th>}
                    </tr>
                </thead>
                <tbody>
                    {props.rows.map((row) => (
                        <tr
                            key={props.id(row)}
                            data-row={props.id(row)}
                            className={`${props.isDim?.(row) ? "dim" : ""}${props.onOpen || props.to ? " opens" : ""}`}
                            tabIndex={props.onOpen ? 0 : undefined}
                            onKeyDown={props.onOpen ? (event) => open(event, row) : undefined}
                            onClick={(event) => click(event, row)}
                        >
                            {props.columns.map((column, index) => (
                                <td key={column.name} className={`${column.isNumber ? "number" : ""}${column.isMinor ? " minor" : ""}`}>
                                    {index === 0 && props.to ? <Link to={props.to(row)}>{column.show(row)}</Link> : column.show(row)}
                                </td>
                            ))}
                            {props.actions && (
                                <td className="row-actions" onClick={(event) => event.stopPropagation()}>{props.actions(row)}</td>
                            )}
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

/** Pages of a list that is counted. */
export function Pages(props: { page: number; size: number; count: number; onPage: (page: number) => void }) {
    const say = useKitWords();
    const pages = Math.max(1, Math.ceil(props.count / props.size));
    return (
        <nav className="pages" aria-label={say("page", { page: props.page, pages })}>
            <span>{say("rows", { n: props.count })}</span>
            {pages > 1 && (
                <>
                    <Button isSmall isDisabled={props.page <= 1} onClick={() => props.onPage(props.page - 1)}>{say("previous")}</Button>
                    <span>{say("page", { page: props.page, pages })}</span>
                    <Button isSmall isDisabled={props.page >= pages} onClick={() => props.onPage(props.page + 1)}>{say("next")}</Button>
                </>
            )}
        </nav>
    );
}

/** Slices of a list that is not counted; `next` and `previous` are the answer's addresses. */
export function Slices(props: { next: string | null; previous: string | null; onCursor: (cursor: string) => void }) {
    const say = useKitWords();
    const cursor = (address: string) => new URL(address, location.origin).searchParams.get("cursor") ?? "";
    const { next, previous } = props;
    if (next === null && previous === null) return null;
    return (
        <nav className="pages" aria-label={`${say("newer")}, ${say("older")}`}>
            <Button isSmall isDisabled={previous === null} onClick={() => previous !== null && props.onCursor(cursor(previous))}>{say("newer")}</Button>
            <Button isSmall isDisabled={next === null} onClick={() => next !== null && props.onCursor(cursor(next))}>{say("older")}</Button>
        </nav>
    );
}
