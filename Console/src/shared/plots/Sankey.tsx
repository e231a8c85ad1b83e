import { seriesClass } from "./colours";
import { Frame, PlotTable } from "./Frame";

export interface FlowNode {
    /** Unique among all. */
    id: string;
    title: string;
    /** Which column it stands in, from the left. */
    column: number;
    /** Of styles.css; absent: by its place. */
    className?: string;
}

export interface FlowLink {
    from: string;
    to: string;
    value: number;
    /** The exact amount, for tips and the table. */
    text: string;
}

interface Place {
    node: FlowNode;
    x: number;
    y: number;
    size: number;
}

/** Where nodes stand: columns from left to right, the largest on top, as high as what flows through them. */
export function places(nodes: FlowNode[], links: FlowLink[], width: number, height: number, gap: number): { places: Map<string, Place>; scale: number } {
    const through = new Map<string, number>();
    for (const node of nodes) {
        const sum = (end: "from" | "to") => links.filter((link) => link[end] === node.id).reduce((sum, link) => sum + link.value, 0);
        through.set(node.id, Math.max(sum("from"), sum("to")));
    }
    const columns = Array.from({ length: Math.max(0, ...nodes.map((node) => node.column)) + 1 }, (_, column) =>
        nodes.filter((node) => node.column === column).sort((a, b) => (through.get(b.id) ?? 0) - (through.get(a.id) ?? 0)),
    );
    const scale = Math.min(
        ...columns.map((column) => {
            const total = column.reduce((sum, node) => sum + (through.get(node.id) ?? 0), 0);
            return total > 0 ? Math.max(height - gap * (column.length - 1), 1) / total : Infinity;
        }),
    );
    const found = new Map<string, Place>();
    columns.forEach((column, index) => {
        let y = 0;
        for (const node of column) {
            const size = Math.max((through.get(node.id) ?? 0) * (Number.isFinite(scale) ? scale : 0), 1);
            found.set(node.id, { node, x: columns.length > 1 ? (width * index) / (columns.length - 1) : 0, y, size });
            y += size + gap;
        }
    });
    return { places: found, scale: Number.isFinite(scale) ? scale : 0 };
}

/** What flows from column to column, each band as thick as its share. */
export function Sankey(props: {
    label: string;
    name: string;
    nodes: FlowNode[];
    links: FlowLink[];
    columnTitles: string[];
    fromTitle: string;
    toTitle: string;
    valueTitle: string;
    onChoose?: (node: FlowNode) => void;
}) {
    const { nodes, links } = props;
    const titles = new Map(nodes.map((node) => [node.id, node.title]));
    const table = (): PlotTable => ({
        columns: [props.fromTitle, props.toTitle, props.valueTitle],
        rows: links.map((link) => [titles.get(link.from) ?? "", titles.get(link.to) ?? "", link.text]),
    });
    const colour = (node: FlowNode) => node.className ?? seriesClass(nodes.indexOf(node));
    const most = Math.max(1, ...props.columnTitles.map((_, column) => nodes.filter((node) => node.column === column).length));
    return (
        <Frame label={props.label} name={props.name} height={Math.max(260, most * 34 + 40)} table={table}>
            {(width, height) => {
                const [thick, top] = [12, 24];
                const { places: placed, scale } = places(nodes, links, width - thick, height - top - 8, 12);
                const last = props.columnTitles.length - 1;
                const room = (width - thick) / Math.max(last, 1) - thick - 12;
                const used = new Map<string, number>();
                const take = (id: string, size: number) => {
                    const at = used.get(id) ?? 0;
                    used.set(id, at + size);
                    return at;
                };
                const order = (link: FlowLink) => (placed.get(link.from)?.y ?? 0) * 10_000 + (placed.get(link.to)?.y ?? 0);
                return (
                    <>
                        {props.columnTitles.map((title, column) => (
                            <text key={column} className="flow-title" x={column === last ? width : ((width - thick) * column) / Math.max(last, 1)} y={12} textAnchor={column === last ? "end" : "start"}>{title}</text>
                        ))}
                        {[...links].sort((a, b) => order(a) - order(b)).map((link) => {
                            const [a, b] = [placed.get(link.from), placed.get(link.to)];
                            if (!a || !b) return null;
                            const size = Math.max(link.value * scale, 1);
                            const y1 = top + a.y + take(`${link.from} out`, size) + size / 2;
                            const y2 = top + b.y + take(`${link.to} in`, size) + size / 2;
                            const [x1, x2] = [a.x + thick, b.x];
                            const middle = (x1 + x2) / 2;
                            return (
                                <path key={`${link.from} ${link.to}`} className={`flow ${colour(a.node)}`} d={`M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`} strokeWidth={size}>
                                    <title>{`${a.node.title} → ${b.node.title}: ${link.text}`}</title>
                                </path>
                            );
                        })}
                        {[...placed.values()].map(({ node, x, y, size }) => {
                            const isLast = node.column === last;
                            const letters = Math.max(3, Math.floor(room / 6.4));
                            return (
                                <g key={node.id} className={props.onChoose ? "node chooses" : "node"} onClick={() => props.onChoose?.(node)}>
                                    <title>{node.title}</title>
                                    <rect className={colour(node)} x={x} y={top + y} width={thick} height={size} rx={2} />
                                    <text className="flow-name" x={isLast ? x - 6 : x + thick + 6} y={top + y + Math.max(size / 2, 5) + 4} textAnchor={isLast ? "end" : "start"}>
                                        {node.title.length > letters ? `${node.title.slice(0, letters - 1)}…` : node.title}
                                    </text>
                                </g>
                            );
                        })}
                    </>
                );
            }}
        </Frame>
    );
}
