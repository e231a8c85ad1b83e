#include <sys/prctl.h>

// prctl takes a variable number of arguments, which Swift does not call.
static inline int tokenaudit_set_dumpable(int dumpable) { return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0); }
