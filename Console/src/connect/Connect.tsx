import { useState } from "react";
import { Choice } from "../shared/Form";
import { Button, Card, CopyButton, Notice, Screen, Snippet, Tabs } from "../shared/Parts";
import { Link, useChoices } from "../shared/router";
import { useSession } from "../shared/session";
import { useModels } from "../shared/useModels";
import { Key } from "../keys/key";
import { KeyForm } from "../keys/KeyForm";
import { NewSecret } from "../keys/NewSecret";
import { Apps } from "./Apps";
import { curl, environment, javascript, langchain, Place, python, swift } from "./snippets";
import { useConnectWords } from "./words";

const ways = { curl, python, javascript, swift, langchain, environment };
type Way = keyof typeof ways;

/** How other programs are pointed here. A secret is in memory alone, and only what was made on this page. */
export default function Connect() {
    const say = useConnectWords();
    const session = useSession();
    const models = useModels().filter((model) => model.isActive !== false);
    const [choices, choose] = useChoices("connect", { way: "curl", model: "" });
    const [isMaking, setMaking] = useState(false);
    const [made, setMade] = useState<Key | null>(null);
    const [isShown, setShown] = useState(false);
    const mayMake = session.isAdministrator || !session.isStaff;
    const chosen = models.find((model) => model.name === choices.model) ?? models[0];
    const place: Place = { baseURL: `${location.origin}/v1`, key: made?.api_key ?? "sk-audit-…", model: chosen?.name ?? "MODEL" };
    const way: Way = choices.way in ways ? (choices.way as Way) : "curl";
    const code = ways[way](place);
    return (
        <Screen title={say("title")} note={say("note")} actions={mayMake && <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>{say("makeKey")}</Button>}>
            <Card title={say("where")}>
                <div className="connect-place">
                    <div>
                        <div className="tile-title">{say("baseURL")}</div>
                        <div className="secret-line"><code>{place.baseURL}</code><CopyButton text={place.baseURL} isSmall /></div>
                    </div>
                    <Choice
                        label={say("model")}
                        value={chosen?.name ?? ""}
                        options={models.length === 0 ? [{ value: "", title: say("noModels") }] : models.map((model) => ({ value: model.name, title: model.name }))}
                        onChoose={(model) => choose({ model })}
                    />
                </div>
                <Notice tone={made === null ? "info" : "warning"} actions={<Link to="/keys">{say("seeKeys")}</Link>}>{made === null ? say("keyNote") : say("keyHere")}</Notice>
            </Card>
            <Card title={say("programs")}>
                <Tabs label={say("programs")} tabs={(Object.keys(ways) as Way[]).map((name) => ({ name, title: say(name) }))} chosen={way} onChoose={(way) => choose({ way })} />
                {way === "environment" && <p className="note">{say("environmentNote")}</p>}
                <Snippet label={say("snippet", { name: say(way) })} code={code} />
            </Card>
            <Apps place={place} />
            {isMaking && (
                <KeyForm
                    email={session.isStaff ? session.account.email : undefined}
                    onDone={(key) => {
                        setMaking(false);
                        setMade(key);
                        setShown(true);
                    }}
                    onClose={() => setMaking(false)}
                />
            )}
            {made !== null && isShown && <NewSecret made={made} onClose={() => setShown(false)} />}
        </Screen>
    );
}
