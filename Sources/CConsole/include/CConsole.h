// The console's files, which Scripts/console.py builds.
#pragma once

struct console_file {
    // Below the server's root, without a slash before it.
    const char *path;
    const char *media_type;
    // A strong entity tag, with its quotes.
    const char *tag;
    const unsigned char *plain;
    unsigned long plain_bytes;
    // The same by gzip.
    const unsigned char *packed;
    unsigned long packed_bytes;
};

extern const unsigned long console_file_count;

// `index` is below the count.
const struct console_file *console_file_at(unsigned long index);
