import { words } from "../shared/words";

export const useSignInWords = words({
    en: {
        title: "Sign in", email: "Email", password: "Password", signIn: "Sign in", signingIn: "Signing in…",
        note: "Keys, quotas and every cent explained.",
    },
    zh: {
        title: "登录", email: "邮箱", password: "密码", signIn: "登录", signingIn: "登录中…",
        note: "密钥、配额，每一分钱都有据可查。",
    },
});
