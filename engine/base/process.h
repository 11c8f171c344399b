/* base/process.h: what the system says of this process. */
#ifndef NUDGED_BASE_PROCESS_H
#define NUDGED_BASE_PROCESS_H

double process_resident_bytes(void); /* memory that it holds; 0: the system does not say */
unsigned process_open_files(void);   /* file descriptors; 0: the system does not say */

#endif
