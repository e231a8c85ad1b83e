import { useEffect, useRef, useState } from "react";

export interface Span {
    title: string;
    start: number;
    end: number;
    text: string;
    className: string;
}

const line = 34;
const least = 2;

/** What took how long, one below the other on one scale; the figures stand beside it as text. */
export function Waterfall({ label, spans }: { label: string; spans: Span[] }) {
    const ref = useRef<HTMLDivElement>(null);
    const [width, setWidth] = useState(0);
    useEffect(() => {
        const element = ref.current;
        if (element === null) return;
        const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
        observer.observe(element);
        return () => observer.disconnect();
    }, []);
    const all = Math.max(1, ...spans.map((span) => span.end));
    const x = (at: number) => (at / all) * width;
    const height = spans.length * line;
    return (
        <div ref={ref} style={{ height }}>
            {width > 0 && (
                <svg role="img" aria-label={label} width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
                    {spans.map((span, index) => (
                        <g key={span.title}>
                            <text x={0} y={index * line + 12}>{span.title}</text>
                            <text x={width} y={index * line + 12} textAnchor="end">{span.text}</text>
                            <rect x={0} y={index * line + 18} width={width} height={8} rx={4} className="waterfall-back" />
                            <rect x={Math.min(x(span.start), width - least)} y={index * line + 18} width={Math.max(least, x(span.end) - x(span.start))} height={8} rx={4} className={span.className} />
                        </g>
                    ))}
                </svg>
            )}
        </div>
    );
}
