/** Drawn with lines, in the colour of the text around them; decoration, so a screen reader passes them by. */
const shapes = {
    overview: "M3 13h8V3H3zM13 21h8V11h-8zM3 21h8v-5H3zM13 3v5h8V3z",
    usage: "M4 20V10M10 20V4M16 20v-7M21 20H3",
    requests: "M4 6h16M4 12h16M4 18h10",
    keys: "M14.5 9.5 21 3M18 6l2 2M9 21a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11z",
    users: "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21a7 7 0 0 1 14 0M16 3.5a4 4 0 0 1 0 7.5M18 14.5a7 7 0 0 1 4 6.5",
    providers: "M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01",
    models: "M12 2 3 7v10l9 5 9-5V7zM3 7l9 5 9-5M12 12v10",
    groups: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
    quotas: "M12 21a9 9 0 1 1 9-9M12 12l5-3M12 12V7",
    ledger: "M5 3h14v18H5zM9 8h6M9 12h6M9 16h3",
    alerts: "M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4",
    playground: "M4 5h16v11H9l-5 4z",
    reference: "M5 4h11l3 3v13H5zM9 10h6M9 14h6",
    settings: "M12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM19 12h3M2 12h3M12 2v3M12 19v3M4.9 4.9 7 7M17 17l2.1 2.1M4.9 19.1 7 17M17 7l2.1-2.1",
    connect: "M9 15l6-6M8 8l2-2a4.2 4.2 0 0 1 6 6l-2 2M16 16l-2 2a4.2 4.2 0 0 1-6-6l2-2",
    bills: "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
    menu: "M4 6h16M4 12h16M4 18h16",
    close: "M6 6l12 12M18 6 6 18",
    copy: "M9 9h11v12H9zM5 15H4V3h11v2",
    check: "M5 12l5 5L20 7",
    warning: "M12 3 2 20h20zM12 10v4M12 17h.01",
    info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v6M12 7.5h.01",
    plus: "M12 5v14M5 12h14",
    search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
    download: "M12 4v11M7 11l5 5 5-5M4 20h16",
    refresh: "M20 11a8 8 0 1 0-1 5M20 4v7h-7",
    out: "M10 4H4v16h6M14 8l4 4-4 4M18 12H9",
    up: "M6 14l6-6 6 6",
    down: "M6 10l6 6 6-6",
    right: "M10 6l6 6-6 6",
    table: "M4 4h16v16H4zM4 10h16M10 10v10",
    chart: "M4 20V4M4 20h16M8 16l4-5 3 3 5-7",
    trash: "M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6M14 11v6",
    edit: "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4",
    rotate: "M4 12a8 8 0 0 1 14-5l2 2M20 4v5h-5M20 12a8 8 0 0 1-14 5l-2-2M4 20v-5h5",
    play: "M7 4l13 8-13 8z",
    stop: "M6 6h12v12H6z",
    shield: "M12 2 4 6v6c0 5 3.5 8.5 8 10 4.5-1.5 8-5 8-10V6zM9 12l2 2 4-4",
    live: "M12 13a1 1 0 1 0 0-2 1 1 0 0 0 0 2zM8 8a5.7 5.7 0 0 0 0 8M16 8a5.7 5.7 0 0 1 0 8M5 5a10 10 0 0 0 0 14M19 5a10 10 0 0 1 0 14",
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name }: { name: IconName }) {
    return (
        <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d={shapes[name]} />
        </svg>
    );
}
