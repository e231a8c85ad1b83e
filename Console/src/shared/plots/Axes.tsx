import { shown, ticks } from "./scale";

export const margin = { top: 8, right: 8, bottom: 24, left: 56 };

/** Lines with their values, and names below. */
export function Axes(props: { width: number; height: number; most: number; value: (value: number) => string; names: string[]; nameWidth?: number; isBand?: boolean }) {
    const marks = ticks(props.most);
    const top = marks[marks.length - 1] ?? 1;
    const inner = props.width - margin.left - margin.right;
    const tall = props.height - margin.top - margin.bottom;
    const isShown = shown(props.names.length, inner, props.nameWidth ?? (props.isBand ? 72 : 88));
    const band = inner / Math.max(props.names.length, 1);
    const place = (index: number) =>
        margin.left + (props.isBand ? band * (index + 0.5) : props.names.length > 1 ? (inner * index) / (props.names.length - 1) : inner / 2);
    return (
        <g className="axes" aria-hidden="true">
            {marks.map((mark) => {
                const y = margin.top + tall - (tall * mark) / top;
                return (
                    <g key={mark}>
                        <line x1={margin.left} x2={props.width - margin.right} y1={y} y2={y} />
                        <text x={margin.left - 6} y={y + 4} textAnchor="end">{props.value(mark)}</text>
                    </g>
                );
            })}
            {props.names.map((name, index) =>
                isShown(index) ? (
                    <text key={index} x={Math.min(place(index), props.width - 20)} y={props.height - 6} textAnchor={props.isBand || index < props.names.length - 1 ? "middle" : "end"}>{name}</text>
                ) : null,
            )}
        </g>
    );
}

/** The highest line of such an axis. */
export function ceiling(most: number): number {
    const marks = ticks(most);
    return marks[marks.length - 1] ?? 1;
}
