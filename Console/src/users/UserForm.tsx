import { announce } from "../shared/announcements";
import { send } from "../shared/api";
import { CheckField, Form, SelectField, TextField, useForm } from "../shared/Form";
import { useKitWords } from "../shared/kitWords";
import { Dialog } from "../shared/Parts";
import { RateLimitFields, rateLimitNames, rateLimitValues, wholeOrNull } from "../shared/RateLimitFields";
import { useSession } from "../shared/session";
import { useAction } from "../shared/useAPI";
import { User } from "./user";
import { roles } from "./UserList";
import { useUsersWords } from "./words";

export function UserForm({ edited, version, onDone, onClose }: { edited?: User; version?: string | null; onDone: (user: User) => void; onClose: () => void }) {
    const say = useUsersWords();
    const kit = useKitWords();
    const session = useSession();
    const isOneself = edited?.id === session.account.id;
    const action = useAction(async () => {
        const { values } = form;
        const body: Record<string, unknown> = {
            email: values.email, name: values.name, role: values.role,
            ...Object.fromEntries(rateLimitNames.map((name) => [name, wholeOrNull(values[name])])),
        };
        if (values.password !== "") body.password = values.password;
        if (edited !== undefined) body.is_active = values.is_active;
        const { value } = edited === undefined
            ? await send<User>("POST", "/api/admin/users/", { body })
            : await send<User>("PATCH", `/api/admin/users/${edited.id}/`, { body, version });
        announce(say(edited === undefined ? "made" : "saved", { name: value.name || value.email }));
        onDone(value);
    });
    const form = useForm(
        { email: edited?.email ?? "", name: edited?.name ?? "", role: (edited?.role ?? "user") as string, password: "", is_active: edited?.is_active ?? true, ...rateLimitValues(edited) },
        action.error,
    );
    const offered = roles.filter((role) => role !== "super_admin" || session.covers("super_admin"));
    const notes = { user: say("userNote"), auditor: say("auditorNote"), admin: say("adminNote"), super_admin: say("super_adminNote") };
    return (
        <Dialog title={edited === undefined ? say("makeTitle") : say("editTitle")} isWide onClose={onClose}>
            <Form
                error={action.error}
                fields={["email", "name", "role", "password", "is_active", ...rateLimitNames]}
                submit={edited === undefined ? kit("create") : kit("save")}
                isBusy={action.isRunning}
                onSubmit={() => void action.run()}
                onCancel={onClose}
            >
                <div className="fields">
                    <TextField form={form} name="email" type="email" label={say("email")} note={say("emailNote")} isRequired />
                    <TextField form={form} name="name" label={say("name")} isRequired />
                </div>
                <div className="fields">
                    <SelectField form={form} name="role" label={say("role")} note={notes[form.values.role as keyof typeof notes]} options={offered.map((role) => ({ value: role, title: say(role) }))} />
                    {isOneself ? (
                        <p className="field-note">{say("ownPassword")}</p>
                    ) : (
                        <TextField form={form} name="password" type="password" autoComplete="new-password" label={edited === undefined ? say("password") : say("newPassword")} note={edited === undefined ? say("passwordNote") : say("newPasswordNote")} />
                    )}
                </div>
                {edited !== undefined && !isOneself && <CheckField form={form} name="is_active" label={say("isActive")} />}
                <RateLimitFields form={form} />
            </Form>
        </Dialog>
    );
}
