import { CopyButton } from "../shared/Parts";
import { curl, python } from "./conversation";
import { usePlaygroundWords } from "./words";

/** The same call for a shell or a program. */
export function Elsewhere({ call }: { call: Record<string, unknown> }) {
    const say = usePlaygroundWords();
    return (
        <div className="stack">
            <h3>{say("code")}</h3>
            <div className="row">
                <CopyButton text={curl(location.origin, call)} label={say("copyCurl")} isSmall />
                <CopyButton text={python(location.origin, call)} label={say("copyPython")} isSmall />
            </div>
            <p className="field-note">{say("codeNote")}</p>
        </div>
    );
}
