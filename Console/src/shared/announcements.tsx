import { useSyncExternalStore } from "react";
import { Button } from "./Parts";
import { useKitWords } from "./kitWords";

/** What has just been done, said once, with a way back where there is one. */
interface Announcement {
    number: number;
    text: string;
    undo?: () => void;
}

let shown: Announcement[] = [];
let count = 0;
const listeners = new Set<() => void>();

function change(next: Announcement[]) {
    shown = next;
    for (const listener of listeners) listener();
}

export function announce(text: string, undo?: () => void) {
    const number = ++count;
    change([...shown.slice(-2), { number, text, undo }]);
    setTimeout(() => change(shown.filter((item) => item.number !== number)), undo ? 12_000 : 6_000);
}

export function Announcements() {
    const say = useKitWords();
    const items = useSyncExternalStore(
        (listener) => {
            listeners.add(listener);
            return () => void listeners.delete(listener);
        },
        () => shown,
    );
    const dismiss = (number: number) => change(shown.filter((item) => item.number !== number));
    return (
        <div className="announcements" role="status" aria-live="polite">
            {items.map((item) => (
                <div key={item.number} className="announcement">
                    <span>{item.text}</span>
                    {item.undo && (
                        <Button
                            isSmall
                            onClick={() => {
                                item.undo?.();
                                dismiss(item.number);
                            }}
                        >
                            {say("undo")}
                        </Button>
                    )}
                    <Button icon="close" kind="quiet" label={say("close")} onClick={() => dismiss(item.number)} />
                </div>
            ))}
        </div>
    );
}
