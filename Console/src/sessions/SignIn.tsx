import { useEffect } from "react";
import { Appearance } from "../App";
import { send } from "../shared/api";
import { TextField, useForm } from "../shared/Form";
import { Button, Refusal } from "../shared/Parts";
import type { Account } from "../shared/session";
import { useAction } from "../shared/useAPI";
import { useSignInWords } from "./words";

/** Email and password for cookies that no script can read. */
export function SignIn({ onSignedIn }: { onSignedIn: (account: Account) => void }) {
    const say = useSignInWords();
    useEffect(() => {
        document.title = `${say("title")} · TokenAudit`;
    });
    const signIn = useAction(async (email: string, password: string) => {
        const { value } = await send<{ user: Account }>("POST", "/api/auth/login/", {
            body: { email, password },
            headers: { "X-TokenAudit-Cookies": "1" },
        });
        onSignedIn(value.user);
    });
    const form = useForm({ email: "", password: "" }, signIn.error);
    return (
        <main className="door">
            <div className="card">
                <div>
                    <h1>{say("title")}</h1>
                    <p className="note">TokenAudit · {say("note")}</p>
                </div>
                <form
                    noValidate
                    className="stack"
                    onSubmit={(event) => {
                        event.preventDefault();
                        void signIn.run(form.values.email, form.values.password);
                    }}
                >
                    <TextField form={form} name="email" label={say("email")} type="email" autoComplete="username" />
                    <TextField form={form} name="password" label={say("password")} type="password" autoComplete="current-password" />
                    {signIn.error !== null && Object.keys(signIn.error.fields).length === 0 && <Refusal error={signIn.error} />}
                    <Button type="submit" kind="primary" isBusy={signIn.isRunning}>{signIn.isRunning ? say("signingIn") : say("signIn")}</Button>
                </form>
                <Appearance />
            </div>
        </main>
    );
}
