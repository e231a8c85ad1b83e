"""Who looks at the console in tests: somebody of each role, with calls that were answered, refused and cut."""

import openai

from test_administration import PASSWORD, Browser, create_admin

MODELS = ["fake", "fake-usage-1000-200-50-10", "fake-stream-20-5ms"]
# By role.
EMAILS = {
    "super_admin": "root@example.com",
    "admin": "admin@example.com",
    "auditor": "auditor@example.com",
    "user": "dev@example.com",
}


def hire(gateway, folder):
    """Makes the people; `gateway.staff[role]` is signed in as each by the API, `gateway.key` is the user's."""
    create_admin(gateway, EMAILS["super_admin"], folder)
    root = signed_in(gateway, "super_admin")
    for role in ("admin", "auditor", "user"):
        made = {"email": EMAILS[role], "name": role.title(), "password": PASSWORD, "role": role}
        status, answer = root.ask("POST", "/api/admin/users/", made)
        assert status == 201, answer
        if role == "user":
            user = answer["id"]
    gateway.apply(
        users=[
            {
                "email": EMAILS["user"],
                "name": "Dev",
                "role": "user",
                "quotas": [{"model_group": "default", "total_quota": "100.00", "expires_at": None}],
            }
        ]
    )
    status, key = root.ask("POST", "/api/admin/keys/", {"user": user, "name": "workshop"})
    assert status == 201, key
    gateway.key = key["api_key"]
    call(gateway)


def signed_in(gateway, role):
    browser = Browser(gateway)
    status, answer = browser.sign_in(EMAILS[role])
    assert status == 200, answer
    return browser


def call(gateway):
    """A few calls of each kind, paid for by the user."""
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{gateway.port}/v1", api_key=gateway.key, max_retries=0)
    ask = [{"role": "user", "content": "Name three colours."}]
    for model in MODELS:
        for _ in range(3):
            client.chat.completions.create(model=model, messages=ask)
    for _ in client.chat.completions.create(model="fake-stream-20-5ms", messages=ask, stream=True):
        pass
    try:
        client.chat.completions.create(model="no-such-model", messages=ask)
    except openai.NotFoundError:
        pass
    client.close()
