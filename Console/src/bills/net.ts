import { decimal, picos } from "../shared/money";
import type { Figures } from "../shared/statistics";

/** What is to be paid: spend less what was given back. */
export function net(figures: Figures): string {
    return decimal(picos(figures.spend) - picos(figures.refunds));
}
