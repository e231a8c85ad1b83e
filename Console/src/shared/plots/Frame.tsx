import { ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "../Parts";
import { useKitWords } from "../kitWords";

/** What a plot shows, as a table: for those who would rather read, and for a file. */
export interface PlotTable {
    columns: string[];
    rows: (string | number)[][];
}

/** A CSV that no spreadsheet takes for formulas. */
export function csv(table: PlotTable): string {
    const cell = (value: string | number) => {
        const text = typeof value === "number" ? String(value) : /^[=+\-@\t\r]/.test(value) && !/^-?[0-9.]+$/.test(value) ? `'${value}` : value;
        return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
    };
    return [table.columns, ...table.rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** A mark at the beginning tells spreadsheets that it is UTF-8; what else reads it wants none. */
export function download(name: string, text: string, type = "text/csv;charset=utf-8", mark = "\ufeff") {
    const address = URL.createObjectURL(new Blob([mark, text], { type }));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    URL.revokeObjectURL(address);
}

/**
 * Around every plot: its name, its legend, the table behind it and the file of that. `children` draws into so many pixels;
 * the frame's height is fixed, so that nothing moves when data comes.
 */
export function Frame(props: {
    /** Said to those who cannot see it: what is plotted, and what it comes to. */
    label: string;
    /** Of the file. */
    name: string;
    height?: number;
    legend?: { title: string; className: string; onChoose?: () => void }[];
    table: () => PlotTable;
    children: (width: number, height: number) => ReactNode;
}) {
    const say = useKitWords();
    const [isTable, setTable] = useState(false);
    const ref = useRef<HTMLDivElement>(null);
    const [width, setWidth] = useState(0);
    const height = props.height ?? 240;
    useEffect(() => {
        const element = ref.current;
        if (element === null) return;
        const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
        observer.observe(element);
        return () => observer.disconnect();
    }, []);
    const table = isTable ? props.table() : null;
    return (
        <figure className="plot">
            <div className="plot-tools">
                {props.legend !== undefined && (
                    <ul className="legend">
                        {props.legend.map((item) => (
                            <li key={item.title}>
                                <svg width="10" height="10" aria-hidden="true"><rect className={item.className} width="10" height="10" rx="2" /></svg>
                                {item.onChoose ? <button type="button" className="link" onClick={item.onChoose}>{item.title}</button> : item.title}
                            </li>
                        ))}
                    </ul>
                )}
                <div className="actions">
                    <Button kind="quiet" isSmall icon={isTable ? "chart" : "table"} label={isTable ? say("viewAsPlot") : say("viewAsTable")} isPressed={isTable} onClick={() => setTable(!isTable)} />
                    <Button kind="quiet" isSmall icon="download" label={say("downloadCSV")} onClick={() => download(`${props.name}.csv`, csv(props.table()))} />
                </div>
            </div>
            <div ref={ref} className="plot-area" style={{ height }}>
                {table !== null ? (
                    <div className="table-frame" tabIndex={0} role="region" aria-label={props.label}>
                        <table>
                            <caption className="unseen">{props.label}</caption>
                            <thead><tr>{table.columns.map((column, index) => <th key={index} scope="col" className={index > 0 ? "number" : ""}>{column}</th>)}</tr></thead>
                            <tbody>
                                {table.rows.map((row, index) => (
                                    <tr key={index}>{row.map((cell, column) => <td key={column} className={column > 0 ? "number" : ""}>{cell}</td>)}</tr>
                                ))}
                            </tbody>
                        </table>
                    </div>
                ) : (
                    width > 0 && (
                        <svg role="img" aria-label={props.label} width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
                            {props.children(width, height)}
                        </svg>
                    )
                )}
            </div>
        </figure>
    );
}
