import { useEffect, useId, useState } from "react";
import { APIError, Page, path } from "./api";
import { Field, FormState } from "./Form";
import { useAPI } from "./useAPI";

interface Found {
    id: number;
    email: string;
    name: string;
}

/** Whom a form is about: written or chosen by email, found on the server while it is written. `userID` tells the id. */
export function UserField<Values extends { user: string }>({ form, label, note }: { form: FormState<Values>; label: string; note?: string }) {
    const list = useId();
    const text = form.values.user;
    const [searched, setSearched] = useState(text);
    useEffect(() => {
        const timer = setTimeout(() => setSearched(text), 250);
        return () => clearTimeout(timer);
    }, [text]);
    const asked = useAPI<Page<Found>>(path("/api/admin/users/", { search: searched, is_active: true, page_size: 20, ordering: "email" }));
    return (
        <Field name="user" label={label} note={note} error={form.error} isRequired>
            {(control) => (
                <>
                    <input {...control} type="email" list={list} value={text} autoComplete="off" spellCheck={false} onChange={(event) => form.set("user", event.target.value as Values["user"])} />
                    <datalist id={list}>
                        {(asked.value?.results ?? []).map((user) => <option key={user.id} value={user.email}>{user.name}</option>)}
                    </datalist>
                </>
            )}
        </Field>
    );
}

/** The id of the user with just this email. */
export async function userID(email: string, read: <Value>(path: string) => Promise<{ value: Value }>, missing: string): Promise<number> {
    const wanted = email.trim().toLowerCase();
    if (wanted !== "") {
        const { value } = await read<Page<Found>>(path("/api/admin/users/", { search: wanted, page_size: 200 }));
        const found = value.results.find((user) => user.email === wanted);
        if (found !== undefined) return found.id;
    }
    throw new APIError(400, missing, "", { user: [missing] });
}
