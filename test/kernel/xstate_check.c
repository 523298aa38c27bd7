/* SPDX-License-Identifier: PostgreSQL */
/*
 * xstate_check.c
 *	  Does ptrace() take extended registers that are shorter than the host's?
 *
 *		xstate_check			prints how many bytes the host's are, and the
 *								error of setting fewer, or "set"
 *
 * Every processor refuses what is too short, not only those on which
 * user-mode-linux meets it: so xstate.c can be tried on any of them.  What is
 * set is what a process had before, cut off behind SSE's and the header, with
 * one register changed; what is read afterwards must be that.
 */

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHORT_SIZE (512 + 64)
#define XMM0 160				/* where its bytes are */
#define XSTATE ((void *) NT_X86_XSTATE)

static char area[65536] __attribute__((aligned(64)));
static char again[65536] __attribute__((aligned(64)));

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

int
main(void)
{
	struct iovec whole = {area, sizeof(area)};
	struct iovec read_back = {again, sizeof(again)};
	struct iovec part = {area, SHORT_SIZE};
	uint64_t	components;
	int			status;
	pid_t		child = fork();

	if (child < 0)
		fail("fork");
	if (child == 0)
	{
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		fail("waitpid");
	if (ptrace(PTRACE_GETREGSET, child, XSTATE, &whole) != 0)
		fail("PTRACE_GETREGSET");
	errno = EIO;
	if (ptrace(PTRACE_PEEKUSER, child,
			   (void *) offsetof(struct user, regs.rip), NULL) == 0 ||
		errno != 0)
		fail("PTRACE_PEEKUSER");

	/* As a process that has used every register that the host enables. */
	memcpy(&components, area + 464, sizeof(components));
	memcpy(area + 512, &components, sizeof(components));
	memset(area + XMM0, 0x5a, 16);
	printf("%zu ", whole.iov_len);
	if (ptrace(PTRACE_SETREGSET, child, XSTATE, &part) != 0)
		printf("%s\n", strerror(errno));
	else if (ptrace(PTRACE_GETREGSET, child, XSTATE, &read_back) != 0)
		fail("PTRACE_GETREGSET");
	else
	{
		memcpy(&components, again + 512, sizeof(components));
		printf("%s\n",
			   read_back.iov_len != whole.iov_len ? "cut off" :
			   memcmp(again + XMM0, area + XMM0, 16) != 0 ? "not set" :
			   components & ~UINT64_C(3) ? "set, and more" : "set");
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return 0;
}
