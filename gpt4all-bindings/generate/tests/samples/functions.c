/* Compares the list of functions with the header's own declarations. The test puts the list in place of FUNCTIONS. */
#include "llmodel.h"

FUNCTIONS

#define SAME(RETURNED, NAME, PARAMETERS, ARGUMENTS)                                                                    \
    _Static_assert(__builtin_types_compatible_p(__typeof__(NAME), RETURNED PARAMETERS), #NAME);
LLMODEL_FUNCTIONS(SAME)

/* What opens the library at run time has a pointer for each, and a function that calls it. */
#define OPENED(RETURNED, NAME, PARAMETERS, ARGUMENTS)                                                                  \
    extern RETURNED(*opened_##NAME) PARAMETERS;                                                                        \
    RETURNED call_##NAME PARAMETERS;                                                                                   \
    RETURNED call_##NAME PARAMETERS {                                                                                  \
        return opened_##NAME ARGUMENTS;                                                                                \
    }
LLMODEL_FUNCTIONS(OPENED)
