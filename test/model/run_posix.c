#include "run.h"
struct place *posix_open(const char *directory) { (void) directory; return NULL; }
void posix_close(struct place *place) { (void) place; }
