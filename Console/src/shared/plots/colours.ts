/** Colours of series that keep apart for most eyes, in both themes (styles.css); shapes and names tell the same. */
export const seriesCount = 8;

export function seriesClass(index: number): string {
    return `series-${index % seriesCount}`;
}
