/* SPDX-License-Identifier: PostgreSQL */
/*
 * bad_s3.c
 *	  bad_s3.h as a program: bad_s3 PORT, 0 for any; prints the port.  Told how
 *	  to misbehave by PUT /_bad?MODE,ARGUMENT,TIMES.
 */
#include "bad_s3.h"

int
main(int argc, char **argv)
{
	int			port = bad_start(argc > 1 ? atoi(argv[1]) : 0);

	if (port < 0)
	{
		perror("bad_s3");
		return 1;
	}
	printf("%d\n", port);
	fflush(stdout);
	pause();
	return 0;
}
