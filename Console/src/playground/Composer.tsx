import { useId, useRef, useState } from "react";
import { Button } from "../shared/Parts";
import { usePlaygroundWords } from "./words";

/** Where the next message is written. */
export function Composer({ isRunning, onSend, onStop }: { isRunning: boolean; onSend: (text: string) => void; onStop: () => void }) {
    const say = usePlaygroundWords();
    const id = useId();
    const [text, setText] = useState("");
    const field = useRef<HTMLTextAreaElement>(null);
    const send = () => {
        if (isRunning || text.trim() === "") return;
        onSend(text);
        setText("");
        field.current?.focus();
    };
    return (
        <form
            className="composer"
            onSubmit={(event) => {
                event.preventDefault();
                send();
            }}
        >
            <div className="field">
                <label htmlFor={id}>{say("message")}</label>
                <textarea
                    ref={field}
                    id={id}
                    name="message"
                    rows={3}
                    value={text}
                    aria-describedby={`${id}-note`}
                    onChange={(event) => setText(event.target.value)}
                    onKeyDown={(event) => {
                        // An Enter that ends the writing of a Chinese word is none.
                        if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
                        event.preventDefault();
                        send();
                    }}
                />
                <p id={`${id}-note`} className="field-note">{say("messageNote")}</p>
            </div>
            {isRunning ? <Button icon="stop" onClick={onStop}>{say("stop")}</Button> : <Button type="submit" kind="primary" icon="play" isDisabled={text.trim() === ""}>{say("send")}</Button>}
        </form>
    );
}
