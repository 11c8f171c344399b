/* tests/unit/test_pack.c: packs loaded into plain C, and the author mistakes that are refused. */
#include "pack_world.h"

int main(void)
{
	return 0;
}
