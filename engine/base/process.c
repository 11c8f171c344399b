/* base/process.c: Linux tells it in /proc. */
#include "base/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

double process_resident_bytes(void)
{
	unsigned long all = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f && fscanf(f, "%lu %lu", &all, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

#define FILES "/proc/self/fd"

static unsigned counted_files(void)
{
	unsigned count = 0;
	DIR *dir = opendir(FILES);
	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count > 3 ? count - 3 : 0; /* without ".", ".." and itself */
}

/* Since Linux 6.2 the directory's size is their number; counted they take a microsecond each. */
unsigned process_open_files(void)
{
	struct stat s;
	return stat(FILES, &s) == 0 && s.st_size > 0 ? (unsigned)s.st_size : counted_files();
}
