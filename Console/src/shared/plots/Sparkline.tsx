/** A few values in a row's cell. What they come to stands beside it or in `label`. */
export function Sparkline({ values, label }: { values: number[]; label: string }) {
    const [width, height] = [88, 22];
    const most = Math.max(...values, 0);
    const band = width / Math.max(values.length, 1);
    return (
        <svg className="sparkline" role="img" aria-label={label} width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
            <title>{label}</title>
            {values.map((value, index) => {
                const size = most > 0 ? Math.max((value / most) * height, value > 0 ? 1.5 : 0) : 0;
                return <rect key={index} className={size > 0 ? "series-0" : "nothing"} x={index * band + 1} y={height - Math.max(size, 1)} width={Math.max(band - 2, 1)} height={Math.max(size, 1)} />;
            })}
        </svg>
    );
}
