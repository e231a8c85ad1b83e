import { Frame, PlotTable } from "./Frame";

/** A value for each row and column, the darker the more; what a cell is worth stands in it where there is room. */
export function HeatMap(props: {
    label: string;
    name: string;
    rows: string[];
    columns: string[];
    rowTitle: string;
    /** By row, then by column. */
    values: number[][];
    value: (value: number) => string;
    /** Exact texts, where values are money; for tips and the table. */
    text?: (row: number, column: number) => string;
    onChoose?: (row: number, column: number) => void;
}) {
    const { rows, columns, values } = props;
    const most = Math.max(0, ...values.flat());
    const [left, top, tall] = [48, 20, 30];
    const text = (row: number, column: number) => props.text?.(row, column) ?? props.value(values[row]?.[column] ?? 0);
    const table = (): PlotTable => ({
        columns: [props.rowTitle, ...columns],
        rows: rows.map((name, row) => [name, ...columns.map((_, column) => text(row, column))]),
    });
    return (
        <Frame label={props.label} name={props.name} height={top + rows.length * tall + 4} table={table}>
            {(width) => {
                const wide = (width - left) / Math.max(columns.length, 1);
                const every = Math.ceil(26 / wide);
                return (
                    <>
                        {columns.map((name, column) => column % every === 0 && (
                            <text key={column} x={left + wide * (column + 0.5)} y={13} textAnchor="middle" aria-hidden="true">{name}</text>
                        ))}
                        {rows.map((name, row) => (
                            <g key={row}>
                                <text x={left - 8} y={top + tall * (row + 0.5) + 4} textAnchor="end" aria-hidden="true">{name}</text>
                                {columns.map((hour, column) => {
                                    const value = values[row]?.[column] ?? 0;
                                    const shown = props.value(value);
                                    return (
                                        <g key={column} className={props.onChoose && value > 0 ? "heat chooses" : "heat"} onClick={value > 0 ? () => props.onChoose?.(row, column) : undefined}>
                                            <title>{`${name} ${hour}: ${text(row, column)}`}</title>
                                            <rect className="heat-back" x={left + wide * column + 1} y={top + tall * row + 1} width={Math.max(wide - 2, 1)} height={tall - 2} rx={3} />
                                            {value > 0 && (
                                                // At most so dark that the text on it keeps its contrast in both themes.
                                                <rect className="heat-cell" fillOpacity={0.08 + (0.47 * value) / most} x={left + wide * column + 1} y={top + tall * row + 1} width={Math.max(wide - 2, 1)} height={tall - 2} rx={3} />
                                            )}
                                            {value > 0 && shown.length * 6.2 < wide - 2 && (
                                                <text className="heat-text" x={left + wide * (column + 0.5)} y={top + tall * (row + 0.5) + 4} textAnchor="middle">{shown}</text>
                                            )}
                                        </g>
                                    );
                                })}
                            </g>
                        ))}
                    </>
                );
            }}
        </Frame>
    );
}
