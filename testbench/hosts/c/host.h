/* The parts of the plain C host. */
#ifndef HOST_H
#define HOST_H

/* 0 if the header says what the library has; else the number of the entry that differs, or -1. */
int layout_differs(void);

#endif
