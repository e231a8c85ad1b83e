import { Axes, ceiling, margin } from "./Axes";
import { seriesClass } from "./colours";
import { Frame, PlotTable } from "./Frame";

export interface Series {
    title: string;
    values: number[];
    /** Exact texts of the values, where they are money; for tips and the table. */
    texts?: string[];
    /** Of styles.css; absent: by its place. */
    className?: string;
    /** A click on its bars or its name. */
    onChoose?: (index?: number) => void;
}

/** Values of several series on top of one another, one bar for each name. */
export function StackedBars(props: {
    label: string;
    name: string;
    names: string[];
    /** What a name stands for in full, in tips and the table. */
    longNames?: string[];
    nameTitle: string;
    series: Series[];
    value: (value: number) => string;
    /** Of an axis that ends at `most`; absent: as values. */
    mark?: (value: number, most: number) => string;
    height?: number;
    onChoose?: (index: number) => void;
}) {
    const { names, series } = props;
    const sums = names.map((_, index) => series.reduce((sum, item) => sum + (item.values[index] ?? 0), 0));
    const most = Math.max(0, ...sums);
    const top = ceiling(most);
    const long = props.longNames ?? names;
    const text = (item: Series, index: number) => item.texts?.[index] ?? props.value(item.values[index] ?? 0);
    const table = (): PlotTable => ({
        columns: [props.nameTitle, ...series.map((item) => item.title)],
        rows: names.map((name, index) => [long[index] ?? name, ...series.map((item) => item.texts?.[index] ?? item.values[index] ?? 0)]),
    });
    return (
        <Frame
            label={props.label}
            name={props.name}
            height={props.height}
            table={table}
            legend={series.map((item, index) => ({ title: item.title, className: item.className ?? seriesClass(index), onChoose: item.onChoose ? () => item.onChoose?.() : undefined }))}
        >
            {(width, height) => {
                const inner = width - margin.left - margin.right;
                const tall = height - margin.top - margin.bottom;
                const band = inner / Math.max(names.length, 1);
                const gap = Math.min(band * 0.25, 12);
                return (
                    <>
                        <Axes width={width} height={height} most={most} value={(value) => (props.mark ?? props.value)(value, top)} names={names} isBand />
                        {names.map((name, index) => {
                            let base = margin.top + tall;
                            const tip = [long[index] ?? name, ...series.filter((item) => (item.values[index] ?? 0) > 0).map((item) => `${item.title}: ${text(item, index)}`)].join("\n");
                            return (
                                <g key={index} className={props.onChoose ? "bar chooses" : "bar"} onClick={() => props.onChoose?.(index)}>
                                    <title>{tip}</title>
                                    <rect className="hit" x={margin.left + band * index} y={margin.top} width={band} height={tall} />
                                    {series.map((item, place) => {
                                        const size = (tall * (item.values[index] ?? 0)) / top;
                                        base -= size;
                                        return size > 0 ? (
                                            <rect
                                                key={place}
                                                className={item.className ?? seriesClass(place)}
                                                x={margin.left + band * index + gap / 2}
                                                y={base}
                                                width={Math.max(band - gap, 1)}
                                                height={size}
                                                onClick={item.onChoose ? (event) => {
                                                    event.stopPropagation();
                                                    item.onChoose?.(index);
                                                } : undefined}
                                            />
                                        ) : null;
                                    })}
                                </g>
                            );
                        })}
                    </>
                );
            }}
        </Frame>
    );
}
