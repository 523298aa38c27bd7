#include "many.h"
void
run_many(int clients, uint64_t seed, uint32_t operations, int minutes)
{
	(void) clients; (void) seed; (void) operations; (void) minutes;
}
