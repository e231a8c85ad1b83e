// Runs before anything is painted, so that nobody who likes the dark is dazzled. Not a module: it must not wait.
(() => {
    let theme: string | null = null;
    let language: string | null = null;
    try {
        theme = localStorage.getItem("tokenaudit.theme");
        language = localStorage.getItem("tokenaudit.language");
    } catch {
        // A browser that keeps nothing: what the system likes is taken.
    }
    const root = document.documentElement;
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    root.lang = language ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en");
})();
