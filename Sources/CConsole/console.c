#include "CConsole.h"

// Swift's bundles of resources stay behind when a binary is moved, and literals of this size take the compiler minutes.
#if __has_include("../../Console/built/files.inc")
#pragma clang diagnostic ignored "-Wc23-extensions"
#include "../../Console/built/files.inc"
#else
#error "the console is not built: run `make build`, or Scripts/setup.sh build && Scripts/console.py"
#endif

const struct console_file *console_file_at(unsigned long index) { return &console_files[index]; }
