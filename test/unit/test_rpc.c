/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_rpc.c
 *	  RPC headers: what is refused with which answer, and what gets through.
 */
#include "unit.h"

#include <arpa/inet.h>

#include "monitor/metrics.h"
#include "wire/programs.h"
#include "wire/rpc.h"

/* A message; aligned, as records are. */
struct message
{
	_Alignas(8) unsigned char data[2048];
	size_t		size;
};

static void
add(struct message *message, uint32_t value)
{
	value = htonl(value);
	memcpy(message->data + message->size, &value, 4);
	message->size += 4;
}

static void
add_opaque(struct message *message, const void *data, uint32_t size)
{
	add(message, size);
	memcpy(message->data + message->size, data, size);
	memset(message->data + message->size + size, 0, 4);
	message->size += (size + 3) & ~3u;
}

static uint32_t
word(const void *data, int number)
{
	uint32_t	value;

	memcpy(&value, (const char *) data + 4 * number, 4);
	return ntohl(value);
}

/* Up to the credential. */
static void
start(struct message *message, uint32_t rpc_version, uint32_t program,
	  uint32_t version, uint32_t procedure)
{
	message->size = 0;
	add(message, 0x12345678);
	add(message, CALL);
	add(message, rpc_version);
	add(message, program);
	add(message, version);
	add(message, procedure);
}

static void
add_verifier(struct message *message)
{
	add(message, AUTH_NONE);
	add(message, 0);
}

static void
add_auth_sys(struct message *message, const char *machine, int gids)
{
	struct message body = {.size = 0};

	add(&body, 4711);
	add_opaque(&body, machine, (uint32_t) strlen(machine));
	add(&body, 4294967294u);
	add(&body, 100);
	add(&body, gids);
	for (int i = 0; i < gids; i++)
		add(&body, 1000 + i);
	add(message, AUTH_SYS);
	add_opaque(message, body.data, (uint32_t) body.size);
}

static void
getattr(struct message *message, int gids)
{
	start(message, 2, 100003, 3, 1);
	add_auth_sys(message, "host", gids);
	add_verifier(message);
	add_opaque(message, "handle", 6);
}

static void
expect_accepted(struct message *message, enum accept_stat expected)
{
	struct rpc_call call;
	struct rpc_refusal refusal;

	assert_int_equal(rpc_decode_call((char *) message->data, message->size,
									 DOOR_TCP, &call, &refusal), RPC_REFUSED);
	assert_int_equal(call.xid, 0x12345678);
	assert_false(refusal.denied);
	assert_int_equal(refusal.accept, expected);
}

static void
expect_denied(struct message *message, enum auth_stat expected)
{
	struct rpc_call call;
	struct rpc_refusal refusal;

	assert_int_equal(rpc_decode_call((char *) message->data, message->size,
									 DOOR_TCP, &call, &refusal), RPC_REFUSED);
	assert_true(refusal.denied);
	assert_int_equal(refusal.reject, AUTH_ERROR);
	assert_int_equal(refusal.auth, expected);
}

static void
test_good_call(void **state)
{
	struct message message;
	struct rpc_call call;
	struct rpc_refusal refusal;

	(void) state;
	for (int gids = 0; gids <= 16; gids++)
	{
		getattr(&message, gids);
		assert_int_equal(rpc_decode_call((char *) message.data, message.size,
										 DOOR_TCP, &call, &refusal), RPC_CALL);
		assert_int_equal(call.xid, 0x12345678);
		assert_ptr_equal(call.program, &nfs3_program);
		assert_string_equal(call.procedure->name, "GETATTR");
		assert_int_equal(call.credential.flavor, AUTH_SYS);
		assert_int_equal(call.credential.uid, 4294967294u);
		assert_int_equal(call.credential.gid, 100);
		assert_int_equal(call.credential.gid_count, gids);
		if (gids > 0)
			assert_int_equal(call.credential.gids[gids - 1], 999 + gids);
		assert_int_equal(word(message.data + call.arguments, 0), 6);
	}
}

static void
test_auth_none(void **state)
{
	struct message message;
	struct rpc_call call;
	struct rpc_refusal refusal;

	(void) state;
	start(&message, 2, 100005, 3, 5);
	add(&message, AUTH_NONE);
	add(&message, 0);
	add_verifier(&message);
	assert_int_equal(rpc_decode_call((char *) message.data, message.size,
									 DOOR_TCP, &call, &refusal), RPC_CALL);
	assert_ptr_equal(call.program, &mount3_program);
	assert_int_equal(call.credential.flavor, AUTH_NONE);
	assert_int_equal(call.arguments, message.size);
}

static void
test_versions(void **state)
{
	struct message message;
	struct rpc_call call;
	struct rpc_refusal refusal;

	(void) state;
	start(&message, 3, 100003, 3, 0);
	assert_int_equal(rpc_decode_call((char *) message.data, message.size,
									 DOOR_TCP, &call, &refusal), RPC_REFUSED);
	assert_true(refusal.denied);
	assert_int_equal(refusal.reject, RPC_MISMATCH);
	assert_int_equal(refusal.low, 2);
	assert_int_equal(refusal.high, 2);

	start(&message, 2, 100003, 5, 0);
	add_verifier(&message);
	add_verifier(&message);
	expect_accepted(&message, PROG_MISMATCH);
	start(&message, 2, 100005, 1, 1);
	add_verifier(&message);
	add_verifier(&message);
	expect_accepted(&message, PROG_MISMATCH);
	start(&message, 2, 100021, 2, 0);
	add_verifier(&message);
	add_verifier(&message);
	expect_accepted(&message, PROG_MISMATCH);
	start(&message, 2, 100020, 3, 0);
	add_verifier(&message);
	add_verifier(&message);
	expect_accepted(&message, PROG_UNAVAIL);
	start(&message, 2, 100021, 4, 16);
	add_verifier(&message);
	add_verifier(&message);
	expect_accepted(&message, PROC_UNAVAIL);
	start(&message, 2, 100021, 1, 20);
	add_verifier(&message);
	add_verifier(&message);
	expect_accepted(&message, PROC_UNAVAIL);
	start(&message, 2, 100024, 1, 5);
	add_verifier(&message);
	add_verifier(&message);
	expect_accepted(&message, PROC_UNAVAIL);
	start(&message, 2, 100003, 3, 22);
	add_verifier(&message);
	add_verifier(&message);
	expect_accepted(&message, PROC_UNAVAIL);
	start(&message, 2, 100003, 4, 2);
	add_verifier(&message);
	add_verifier(&message);
	expect_accepted(&message, PROC_UNAVAIL);
	start(&message, 2, 100003, 4, 2 + 9);	/* an operation is no procedure */
	add_verifier(&message);
	add_verifier(&message);
	expect_accepted(&message, PROC_UNAVAIL);
	start(&message, 2, 100005, 3, 0xffffffff);
	add_verifier(&message);
	add_verifier(&message);
	expect_accepted(&message, PROC_UNAVAIL);
}

/* Programs of which there are several versions, and the numbers in between. */
static void
test_find_program(void **state)
{
	static const struct program programs_of_test[] = {
		{.number = 7, .version = 4}, {.number = 9, .version = 1},
		{.number = 7, .version = 1}, {.number = 7, .version = 3},
	};
	const struct program *list[] = {
		&programs_of_test[0], &programs_of_test[1], &programs_of_test[2],
		&programs_of_test[3], NULL};
	uint32_t	low;
	uint32_t	high;

	(void) state;
	for (int i = 0; i < 4; i++)
		assert_ptr_equal(program_find(list, DOOR_TCP, list[i]->number,
									  list[i]->version, &low, &high), list[i]);
	assert_null(program_find(list, DOOR_TCP, 7, 2, &low, &high));
	assert_int_equal(low, 1);
	assert_int_equal(high, 4);
	assert_null(program_find(list, DOOR_TCP, 9, 0xffffffff, &low, &high));
	assert_int_equal(low, 1);
	assert_int_equal(high, 1);
	assert_null(program_find(list, DOOR_TCP, 8, 1, &low, &high));
	assert_int_equal(high, 0);
}

/* What is served by TCP alone, and what is at the portmapper's port. */
static void
test_doors(void **state)
{
	static const struct
	{
		uint32_t	program;
		uint32_t	version;
		uint32_t	procedure;
		int			outcomes[DOORS];	/* -1: RPC_NULL, or an accept_stat */
	}			calls[] = {
		{100003, 3, 0, {-1, PROG_UNAVAIL, PROG_UNAVAIL, PROG_UNAVAIL}},
		{100003, 4, 1, {SUCCESS, PROG_UNAVAIL, PROG_UNAVAIL, PROG_UNAVAIL}},
		{100005, 3, 0, {-1, -1, PROG_UNAVAIL, PROG_UNAVAIL}},
		{100005, 3, 2, {SUCCESS, PROC_UNAVAIL, PROG_UNAVAIL, PROG_UNAVAIL}},
		{100005, 3, 5, {SUCCESS, PROC_UNAVAIL, PROG_UNAVAIL, PROG_UNAVAIL}},
		{100000, 2, 0, {PROG_UNAVAIL, PROG_UNAVAIL, -1, -1}},
		{100000, 2, 4, {PROG_UNAVAIL, PROG_UNAVAIL, SUCCESS, PROC_UNAVAIL}},
		{100000, 4, 4, {PROG_UNAVAIL, PROG_UNAVAIL, SUCCESS, PROC_UNAVAIL}},
		{100000,
		 3,
		 9,
		 {PROG_UNAVAIL, PROG_UNAVAIL, PROC_UNAVAIL, PROC_UNAVAIL}},
		{100000,
		 5,
		 0,
		 {PROG_UNAVAIL, PROG_UNAVAIL, PROG_MISMATCH, PROG_MISMATCH}},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (enum door door = 0; door < DOORS; door++)
		{
			struct message message;
			struct rpc_call call;
			struct rpc_refusal refusal = {.accept = SUCCESS};
			int			want = calls[i].outcomes[door];
			enum rpc_outcome outcome;

			start(&message, 2, calls[i].program, calls[i].version,
				  calls[i].procedure);
			add_verifier(&message);
			add_verifier(&message);
			outcome = rpc_decode_call((char *) message.data, message.size, door,
									  &call, &refusal);
			assert_int_equal(outcome, want < 0 ? RPC_NULL :
							 want == SUCCESS ? RPC_CALL : RPC_REFUSED);
			if (want > 0)
				assert_int_equal(refusal.accept, want);
		}
}

static int
number_of_programs(void)
{
	int			count = 0;

	while (programs[count] != NULL)
		count++;
	return count;
}

/*
 * Counters have a place for each procedure of each program, and for no other.
 */
static void
test_counted_procedures(void **state)
{
	const struct program *program;
	int			index = 0;

	(void) state;
	for (int i = 0; programs[i] != NULL; i++)
		for (uint32_t j = 0; j < programs[i]->procedure_count; j++, index++)
		{
			const struct procedure *procedure = programs[i]->procedures[j];

			assert_int_equal(programs_procedure_index(programs[i], j), index);
			assert_ptr_equal(programs_procedure(index, &program), procedure);
			assert_ptr_equal(program, programs[i]);
			assert_string_equal(metrics_program(index), programs[i]->name);
			assert_string_equal(metrics_procedure(index),
								procedure != NULL ? procedure->name : "none");
		}
	assert_int_equal(PROGRAM_COUNT, number_of_programs());
	assert_int_equal(programs_procedure_count(), index);
	assert_int_equal(metrics_procedure_count(), index + 1);
	assert_string_equal(metrics_program(index), "none");
	assert_string_equal(metrics_procedure(index), "none");
}

/* NULL succeeds whatever the credential. */
static void
test_null(void **state)
{
	static const uint32_t flavors[] = {AUTH_NONE, AUTH_SYS, AUTH_SHORT, 6, 99};
	struct message message;
	struct rpc_call call;
	struct rpc_refusal refusal;

	(void) state;
	for (size_t i = 0; i < sizeof(flavors) / sizeof(flavors[0]); i++)
	{
		start(&message, 2, i % 2 ? 100003 : 100005, 3, 0);
		add(&message, flavors[i]);
		add_opaque(&message, "whatever it is", 14);
		add_verifier(&message);
		assert_int_equal(rpc_decode_call((char *) message.data, message.size,
										 DOOR_TCP, &call, &refusal), RPC_NULL);
	}
}

static void
test_bad_credentials(void **state)
{
	char		zeros[408] = {0};
	char		long_name[257];
	struct message message;

	(void) state;

	/* more groups than the protocol has room for */
	getattr(&message, 17);
	expect_denied(&message, AUTH_BADCRED);

	/* a machine name beyond 255 */
	memset(long_name, 'h', 256);
	long_name[256] = '\0';
	start(&message, 2, 100003, 3, 1);
	add_auth_sys(&message, long_name, 0);
	add_verifier(&message);
	expect_denied(&message, AUTH_BADCRED);

	/* a body beyond 400 bytes */
	start(&message, 2, 100003, 3, 1);
	add(&message, AUTH_SYS);
	add_opaque(&message, zeros, 401);
	add_verifier(&message);
	expect_denied(&message, AUTH_BADCRED);

	/* flavors we do not know */
	start(&message, 2, 100003, 3, 1);
	add(&message, 6);
	add_opaque(&message, zeros, 20);
	add_verifier(&message);
	expect_denied(&message, AUTH_REJECTEDCRED);

	/* a verifier beyond 400 bytes */
	start(&message, 2, 100003, 3, 1);
	add_auth_sys(&message, "host", 1);
	add(&message, AUTH_NONE);
	add_opaque(&message, zeros, 404);
	expect_denied(&message, AUTH_BADVERF);

	/* lengths that lead out of the record */
	start(&message, 2, 100003, 3, 1);
	add(&message, AUTH_SYS);
	add(&message, 0xfffffffe);
	expect_denied(&message, AUTH_BADCRED);
	start(&message, 2, 100003, 3, 1);
	add(&message, AUTH_SYS);
	add(&message, 400);
	expect_denied(&message, AUTH_BADCRED);
}

/* Cut anywhere, a body is a bad credential. */
static void
test_truncated_body(void **state)
{
	struct message body = {.size = 0};
	struct message message;

	(void) state;
	add(&body, 4711);
	add_opaque(&body, "machine", 7);
	add(&body, 1);
	add(&body, 2);
	add(&body, 2);
	add(&body, 3);
	add(&body, 4);
	for (uint32_t size = 0; size < body.size; size++)
	{
		start(&message, 2, 100003, 3, 1);
		add(&message, AUTH_SYS);
		add_opaque(&message, body.data, size);
		add_verifier(&message);
		expect_denied(&message, AUTH_BADCRED);
	}
}

/* Cut anywhere, a message is answered or dropped, never run. */
static void
test_truncated_message(void **state)
{
	struct message message;
	struct rpc_call call;
	struct rpc_refusal refusal;
	size_t		arguments;

	(void) state;
	getattr(&message, 3);
	rpc_decode_call((char *) message.data, message.size, DOOR_TCP, &call,
					&refusal);
	arguments = call.arguments;
	for (size_t size = 0; size < arguments; size++)
	{
		/* a copy of its own, so that a sanitizer sees reads beyond it */
		char	   *copy = malloc(size + 1);

		memcpy(copy, message.data, size);
		assert_int_not_equal(
			rpc_decode_call(copy, size, DOOR_TCP, &call, &refusal), RPC_CALL);
		free(copy);
	}
}

static void
test_not_a_call(void **state)
{
	struct message message = {.size = 0};
	struct rpc_call call;
	struct rpc_refusal refusal;

	(void) state;
	assert_int_equal(
		rpc_decode_call((char *) message.data, 0, DOOR_TCP, &call, &refusal),
		RPC_NOT_A_CALL);
	add(&message, 1);
	add(&message, REPLY);
	add(&message, 2);
	assert_int_equal(rpc_decode_call((char *) message.data, message.size,
									 DOOR_TCP, &call, &refusal),
					 RPC_NOT_A_CALL);
}

static void
test_replies(void **state)
{
	struct rpc_refusal mismatch = {
		.accept = PROG_MISMATCH, .low = 3, .high = 3};
	struct rpc_refusal garbage = {.accept = GARBAGE_ARGS};
	struct rpc_refusal rpc = {.denied = true, .reject = RPC_MISMATCH,
							  .low = 2, .high = 2};
	struct rpc_refusal weak = {.denied = true, .reject = AUTH_ERROR,
							   .auth = AUTH_TOOWEAK};
	char		reply[RPC_REFUSAL_MAX];

	(void) state;
	assert_int_equal(rpc_encode_refusal(reply, 9, &mismatch), 36);
	assert_int_equal(word(reply, 0), 0x80000000u | 32);
	assert_int_equal(word(reply, 1), 9);
	assert_int_equal(word(reply, 2), REPLY);
	assert_int_equal(word(reply, 3), MSG_ACCEPTED);
	assert_int_equal(word(reply, 4), AUTH_NONE);
	assert_int_equal(word(reply, 5), 0);
	assert_int_equal(word(reply, 6), PROG_MISMATCH);
	assert_int_equal(word(reply, 7), 3);
	assert_int_equal(word(reply, 8), 3);

	assert_int_equal(rpc_encode_refusal(reply, 9, &garbage), 28);
	assert_int_equal(word(reply, 6), GARBAGE_ARGS);

	assert_int_equal(rpc_encode_refusal(reply, 9, &rpc), 28);
	assert_int_equal(word(reply, 3), MSG_DENIED);
	assert_int_equal(word(reply, 4), RPC_MISMATCH);
	assert_int_equal(word(reply, 5), 2);
	assert_int_equal(word(reply, 6), 2);

	assert_int_equal(rpc_encode_refusal(reply, 9, &weak), 24);
	assert_int_equal(word(reply, 0), 0x80000000u | 20);
	assert_int_equal(word(reply, 3), MSG_DENIED);
	assert_int_equal(word(reply, 4), AUTH_ERROR);
	assert_int_equal(word(reply, 5), AUTH_TOOWEAK);
	assert_string_equal(rpc_refusal_name(&weak), "AUTH_TOOWEAK");

	rpc_encode_success(reply, 9);
	rpc_set_record_mark(reply, 100);
	assert_int_equal(word(reply, 0), 0x80000000u | 96);
	assert_int_equal(word(reply, 6), SUCCESS);
}

/* The form that extension/sql/README.md gives. */
static void
test_caller(void **state)
{
	struct credential sys = {.flavor = AUTH_SYS, .uid = 4294967294u, .gid = 5,
							 .gid_count = 2, .gids = {6, 7}};
	struct credential none = {.flavor = AUTH_NONE, .uid = 9, .gid_count = 3};
	struct peer four = {.family = AF_INET, .address = {10, 0, 0, 7},
						.port = 871};
	struct peer six = {.family = AF_INET6, .address = {0xfe, 0x80},
					   .port = 65535};
	static const unsigned char expected[] = {
		0, 1, 0, 1, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 5,
		0, 4, 10, 0, 0, 7, 0, 0, 3, 0x67, 0, 2, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0};
	static const unsigned char call[] = {
		0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8};
	static const struct arrival arrival = {.connection = 0xfffefdfcfbfaf9f8,
										   .connected = 0x01020304,
										   .arrived = 7};
	static const unsigned char arrived_call[] = {
		0, 2, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8,
		0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8,
		0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 7};
	static const unsigned char expected_none[] = {
		0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 6, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0xff, 0xff, 0, 0, 0, 0};
	char		caller[CALLER_LEN_MAX];

	(void) state;
	assert_int_equal(rpc_encode_caller(caller, &sys, &four), sizeof(expected));
	assert_memory_equal(caller, expected, sizeof(expected));
	assert_int_equal(rpc_identify_call(caller, sizeof(expected), 9,
									   0x0102030405060708, NULL),
					 sizeof(expected) + 12);
	assert_memory_equal(caller, expected, sizeof(expected) - 2);
	assert_memory_equal(caller + sizeof(expected) - 2, call, sizeof(call));
	assert_int_equal(rpc_identify_call(caller, sizeof(expected), 9,
									   0x0102030405060708, &arrival),
					 sizeof(expected) + 36);
	assert_memory_equal(caller, expected, sizeof(expected) - 2);
	assert_memory_equal(caller + sizeof(expected) - 2, arrived_call,
						sizeof(arrived_call));
	assert_int_equal(rpc_encode_caller(caller, &none, &six),
					 sizeof(expected_none));
	assert_memory_equal(caller, expected_none, sizeof(expected_none));
}

static uint64_t
checksum_of(const char *record, size_t size)
{
	struct rpc_call call;
	struct rpc_refusal refusal;
	struct bytes identity;
	struct bytes arguments;

	assert_int_equal(rpc_decode_call(record, size, DOOR_TCP, &call, &refusal),
					 RPC_CALL);
	identity.data = record + call.identity;
	identity.size = (uint32_t) (call.arguments - call.identity);
	arguments.data = record + call.arguments;
	arguments.size = (uint32_t) (size - call.arguments);
	return rpc_checksum(&identity, &arguments);
}

/* What a call's checksum depends on, and what not. */
static void
test_checksum(void **state)
{
	/*
	 * header; flavor, length, stamp, name, uid, gid, no groups; verifier; 4
	 * bytes
	 */
	static const unsigned char call[] = {
		0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 2,
		0, 1, 0x86, 0xa3, 0, 0, 0, 3, 0, 0, 0, 9,
		0, 0, 0, 1, 0, 0, 0, 24, 1, 1, 1, 1, 0, 0, 0, 1, 'a', 0, 0, 0,
		0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};
	static const struct
	{
		int			byte;
		bool		matters;
	}			bytes[] = {
		{3, false}, {32, false}, {35, false},	/* xid, stamp */
		{40, true}, {47, true}, {51, true}, /* name, ids */
		{64, true}, {67, true}	/* arguments */
	};
	_Alignas(8) char record[sizeof(call)];
	uint64_t	first;

	(void) state;
	memcpy(record, call, sizeof(call));
	first = checksum_of(record, sizeof(call));
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
	{
		memcpy(record, call, sizeof(call));
		record[bytes[i].byte] ^= 1;
		if (bytes[i].matters)
			assert_true(checksum_of(record, sizeof(call)) != first);
		else
			assert_true(checksum_of(record, sizeof(call)) == first);
	}
	/* AUTH_NONE, no arguments */
	memset(record + 24, 0, 16);
	(void) checksum_of(record, 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_call),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_auth_none),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_find_program),
		cmocka_unit_test(test_doors),
		cmocka_unit_test(test_counted_procedures),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_bad_credentials),
		cmocka_unit_test(test_truncated_body),
		cmocka_unit_test(test_truncated_message),
		cmocka_unit_test(test_not_a_call),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
