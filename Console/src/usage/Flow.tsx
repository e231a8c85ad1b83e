import { Empty } from "../shared/Parts";
import type { Choices } from "./question";

export function Flow(_: { choices: Choices }) {
    return <Empty />;
}
