/* SPDX-License-Identifier: PostgreSQL */
/*
 * xstate.c
 *	  Preloaded into user-mode-linux: sets the registers of processors that
 *	  have more of them than that kernel knows.
 *
 * User-mode-linux 6.1 keeps the extended registers of its processes in 2,696
 * bytes.  The host wants PTRACE_SETREGSET of NT_X86_XSTATE to be as long as its
 * own area, which is longer on processors with AMX (11,008 bytes): it answers
 * EFAULT, and user-mode-linux dies when it enters its first process.  So a
 * short area is completed here: what lies behind it is zero, and the components
 * that lie there are marked as in their initial state.  What lies where is
 * asked of the processor, so that its successors need no change here.
 *
 * There is no other way in: the kernel is a finished program, and its size of
 * the area a constant.  Every other request goes to the system call as it is.
 *
 * With NARROW defined, user-mode-linux gets to see a part only: so a processor
 * without AMX is to it as one with (test/shell/t_user_mode_linux.sh).
 */

#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#define LEGACY_SIZE 512			/* FXSAVE's area; the header follows */
#define HEADER_SIZE 64
#define XSAVE_LEAF 0xd
#define PROTECTION_KEYS 9
#define AREA_SIZE (64 * 1024)	/* as large as a buffer needs to be */

/*
 * The part of an area that user-mode-linux gets to see: all of it, or in a test
 * what lies before the protection keys.  They are the last component before
 * AMX's, and nothing uses them.
 */
static const struct iovec *
narrow(struct iovec *given)
{
#ifdef NARROW
	unsigned int length,
				offset,
				c,
				d;

	if (__get_cpuid_count(XSAVE_LEAF, PROTECTION_KEYS, &length, &offset, &c,
						  &d) &&
		length > 0 && given->iov_len > offset)
		given->iov_len = offset;
#endif
	return given;
}

/* Of these components, those that end within size bytes. */
static uint64_t
components_within(uint64_t components, size_t size)
{
	for (unsigned int i = 2; i < 63; i++)
	{
		unsigned int length,
					offset,
					c,
					d;

		if ((components >> i & 1) &&
			(!__get_cpuid_count(XSAVE_LEAF, i, &length, &offset, &c, &d) ||
			 (size_t) offset + length > size))
			components &= ~(UINT64_C(1) << i);
	}
	return components;
}

static long
set_xstate(pid_t pid, void *type, const struct iovec *given)
{
	static size_t host_size;
	static _Thread_local char area[AREA_SIZE] __attribute__((aligned(64)));
	struct iovec whole = {area, sizeof(area)};
	uint64_t	components;

	if (host_size == 0)
	{
		if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, type, &whole) != 0)
			return -1;
		host_size = whole.iov_len;
	}
	if (given->iov_len >= host_size ||
		given->iov_len < LEGACY_SIZE + HEADER_SIZE)
		return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, type, given);

	memset(area, 0, host_size);
	memcpy(area, given->iov_base, given->iov_len);
	memcpy(&components, area + LEGACY_SIZE, sizeof(components));
	components = components_within(components, given->iov_len);
	memcpy(area + LEGACY_SIZE, &components, sizeof(components));
	whole.iov_len = host_size;
	return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, type, &whole);
}

/*
 * ptrace(2), whose PEEK requests return the word (the system call stores it).
 */
long
ptrace(enum __ptrace_request request, ...)
{
	va_list		args;
	pid_t		pid;
	void	   *addr;
	void	   *data;
	long		word;

	va_start(args, request);
	pid = va_arg(args, pid_t);
	addr = va_arg(args, void *);
	data = va_arg(args, void *);
	va_end(args);

	switch ((int) request)
	{
		case PTRACE_PEEKTEXT:
		case PTRACE_PEEKDATA:
		case PTRACE_PEEKUSER:
			if (syscall(SYS_ptrace, request, pid, addr, &word) < 0)
				return -1;
			errno = 0;
			return word;
		case PTRACE_GETREGSET:
			if ((uintptr_t) addr == NT_X86_XSTATE)
				narrow(data);
			break;
		case PTRACE_SETREGSET:
			if ((uintptr_t) addr == NT_X86_XSTATE)
				return set_xstate(pid, addr, narrow(data));
			break;
	}
	return syscall(SYS_ptrace, request, pid, addr, data);
}
