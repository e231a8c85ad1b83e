import { Axes, ceiling, margin } from "./Axes";
import { seriesClass } from "./colours";
import { Frame, PlotTable } from "./Frame";

export interface Line {
    title: string;
    /** Null: nothing was measured; the line has a gap there. */
    values: (number | null)[];
    /** Not measured but expected. */
    isDashed?: boolean;
    className?: string;
}

/** Values over time, one line each. */
export function Lines(props: {
    label: string;
    name: string;
    names: string[];
    longNames?: string[];
    nameTitle: string;
    lines: Line[];
    value: (value: number) => string;
    /** Of an axis that ends at `most`; absent: as values. */
    mark?: (value: number, most: number) => string;
    height?: number;
    /** A line across, such as a limit. */
    limit?: { title: string; value: number };
    /** A value holds until the next one. */
    isStepped?: boolean;
    /** Between what bounds something is expected; null where nothing is. */
    band?: { lower: (number | null)[]; upper: (number | null)[] };
}) {
    const { names, lines } = props;
    const most = Math.max(props.limit?.value ?? 0, ...(props.band?.upper ?? []).map((value) => value ?? 0), ...lines.flatMap((line) => line.values.map((value) => value ?? 0)));
    const top = ceiling(most);
    const long = props.longNames ?? names;
    const table = (): PlotTable => ({
        columns: [props.nameTitle, ...lines.map((line) => line.title)],
        rows: names.map((name, index) => [long[index] ?? name, ...lines.map((line) => line.values[index] ?? "")]),
    });
    return (
        <Frame label={props.label} name={props.name} height={props.height} table={table} legend={lines.map((line, index) => ({ title: line.title, className: line.className ?? seriesClass(index) }))}>
            {(width, height) => {
                const inner = width - margin.left - margin.right;
                const tall = height - margin.top - margin.bottom;
                const x = (index: number) => margin.left + (names.length > 1 ? (inner * index) / (names.length - 1) : inner / 2);
                const y = (value: number) => margin.top + tall - (tall * value) / top;
                const band = inner / Math.max(names.length, 1);
                return (
                    <>
                        <Axes width={width} height={height} most={most} value={(value) => (props.mark ?? props.value)(value, top)} names={names} />
                        {props.band && <path className="line-band" d={outline(props.band, x, y)} />}
                        {props.limit && (
                            <g className="limit">
                                <line x1={margin.left} x2={width - margin.right} y1={y(props.limit.value)} y2={y(props.limit.value)} />
                                <text x={width - margin.right} y={y(props.limit.value) - 4} textAnchor="end">{props.limit.title}</text>
                            </g>
                        )}
                        {lines.map((line, place) => {
                            let isDown = false;
                            let d = "";
                            line.values.forEach((value, index) => {
                                if (value === null) {
                                    isDown = false;
                                    return;
                                }
                                const [at, level] = [x(index).toFixed(1), y(value).toFixed(1)];
                                d += !isDown ? `M${at} ${level}` : props.isStepped ? `H${at}V${level}` : `L${at} ${level}`;
                                isDown = true;
                            });
                            return (
                                <g key={place} className={`line ${line.className ?? seriesClass(place)}${line.isDashed ? " dashed" : ""}`}>
                                    <path d={d} />
                                    {line.values.map((value, index) => (value !== null && names.length <= 40 ? <circle key={index} cx={x(index)} cy={y(value)} r={2.5} /> : null))}
                                </g>
                            );
                        })}
                        {names.map((name, index) => (
                            <rect key={index} className="hit" x={x(index) - band / 2} y={margin.top} width={band} height={tall}>
                                <title>{[long[index] ?? name, ...lines.filter((line) => line.values[index] != null).map((line) => `${line.title}: ${props.value(line.values[index] ?? 0)}`)].join("\n")}</title>
                            </rect>
                        ))}
                    </>
                );
            }}
        </Frame>
    );
}

function outline(band: { lower: (number | null)[]; upper: (number | null)[] }, x: (index: number) => number, y: (value: number) => number): string {
    const points = (values: (number | null)[]) =>
        values.flatMap((value, index) => (value === null ? [] : [`${x(index).toFixed(1)} ${y(value).toFixed(1)}`]));
    const all = [...points(band.upper), ...points(band.lower).reverse()];
    return all.length > 2 ? `M${all.join("L")}Z` : "";
}
