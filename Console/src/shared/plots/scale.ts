/** Numbers at which an axis from 0 to `most` has its lines: round, and at most five. */
export function ticks(most: number): number[] {
    if (!(most > 0)) return [0, 1];
    const rough = most / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? rough;
    const found: number[] = [];
    for (let value = 0; value < most + step; value += step) found.push(value);
    return found;
}

/** Which of `count` names fit below an axis, the last one among them. */
export function shown(count: number, width: number, nameWidth: number): (index: number) => boolean {
    const every = Math.max(1, Math.ceil((count * nameWidth) / Math.max(width, 1)));
    return (index) => (count - 1 - index) % every === 0;
}
