// ECMA-419 DNS resolver on getaddrinfo(3): each question is asked in a thread of its own, and the
// answer comes to the loop through a pipe. Closing does not wait for a thread; its answer is thrown
// away.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "xsmc.h"
#include "loop.h"
#include "options.h"

// Threads of all resolvers at once, and questions of one.
#define kResolverThreadsMax 16
#define kResolverQueriesMax 4
#define kResolverHostBytes 256

typedef struct QueryRecord QueryRecord, *Query;
typedef struct ResolverRecord ResolverRecord, *Resolver;

struct QueryRecord {
	LoopTaskRecord answer;
	Resolver resolver; // NULL once it was closed
	xsSlot onResolved;
	xsSlot onError;
	char host[kResolverHostBytes];
	char address[INET6_ADDRSTRLEN]; // empty: there is none
};

struct ResolverRecord {
	xsMachine *the;
	Query queries[kResolverQueriesMax];
};

void xs_resolver_destructor(void *data);
static const xsHostHooks kResolverHooks = { xs_resolver_destructor, NULL, NULL };

static int gPipe[2] = { -1, -1 };
static LoopWatchRecord gAnswers;
static int gThreads = 0;

static bool isLiteral(const char *host)
{
	unsigned char address[16];
	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

// The chip's stack prefers IPv4, and brokers listen there first.
static void look(Query query)
{
	struct addrinfo hints;
	struct addrinfo *list = NULL;
	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	if (getaddrinfo(query->host, NULL, &hints, &list) != 0)
		return;
	struct addrinfo *chosen = list;
	for (struct addrinfo *one = list; one; one = one->ai_next) {
		if (one->ai_family == AF_INET) {
			chosen = one;
			break;
		}
	}
	if (chosen)
		getnameinfo(chosen->ai_addr, chosen->ai_addrlen, query->address, sizeof(query->address),
			NULL, 0, NI_NUMERICHOST);
	freeaddrinfo(list);
}

static void *work(void *data)
{
	Query query = data;
	look(query);
	// Pointers are shorter than PIPE_BUF: never torn, and the pipe has room for all threads.
	ssize_t written = write(gPipe[1], &query, sizeof(query));
	(void)written;
	return NULL;
}

static void answer(LoopTask task)
{
	Query query = task->data;
	Resolver resolver = query->resolver;
	if (resolver) {
		xsMachine *machine = resolver->the;
		for (int index = 0; index < kResolverQueriesMax; index++) {
			if (resolver->queries[index] == query)
				resolver->queries[index] = NULL;
		}
		xsBeginHost(machine);
		xsmcVars(2);
		xsmcSetString(xsVar(0), query->host);
		xsmcSetString(xsVar(1), query->address);
		xsResult = query->address[0] ? query->onResolved : query->onError;
		xsForget(query->onResolved);
		xsForget(query->onError);
		if (query->address[0])
			xsCallFunction2(xsResult, xsGlobal, xsVar(0), xsVar(1));
		else
			xsCallFunction1(xsResult, xsGlobal, xsVar(0));
		xsEndHost(machine);
	}
	free(query);
}

static void answered(LoopWatch watch, short events)
{
	Query query = NULL;
	(void)events;
	if (read(watch->file, &query, sizeof(query)) != (ssize_t)sizeof(query))
		return;
	if (--gThreads == 0)
		loopUnwatch(&gAnswers);
	answer(&query->answer);
}

static bool openPipe(void)
{
	if (gPipe[0] < 0 && pipe2(gPipe, O_CLOEXEC) != 0)
		return false;
	gAnswers.file = gPipe[0];
	gAnswers.events = POLLIN;
	gAnswers.ready = answered;
	return gAnswers.isWatched || loopWatch(&gAnswers);
}

static bool ask(Query query)
{
	pthread_t thread;
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t before;
	if (gThreads == kResolverThreadsMax || !openPipe())
		return false;
	// Signals belong to the thread of the loop.
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	bool isStarted = pthread_create(&thread, &attributes, work, query) == 0;
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (isStarted)
		gThreads++;
	else if (gThreads == 0)
		loopUnwatch(&gAnswers);
	return isStarted;
}

// ---------------------------------------------------------------- what script calls

static void drop(Resolver resolver)
{
	xsMachine *the = resolver->the;
	for (int index = 0; index < kResolverQueriesMax; index++) {
		Query query = resolver->queries[index];
		if (!query)
			continue;
		query->resolver = NULL;
		xsForget(query->onResolved);
		xsForget(query->onError);
	}
	free(resolver);
}

void xs_resolver_destructor(void *data)
{
	if (data)
		drop(data);
}

void xs_resolver_constructor(xsMachine *the)
{
	if (xsmcArgc > 0 && xsmcTypeOf(xsArg(0)) != xsUndefinedType)
		optionsCheck(the);
	Resolver resolver = calloc(1, sizeof(ResolverRecord));
	if (!resolver)
		xsUnknownError("resolver: no memory");
	resolver->the = the;
	xsmcSetHostData(xsThis, resolver);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kResolverHooks);
}

void xs_resolver_close(xsMachine *the)
{
	Resolver resolver = xsmcGetHostData(xsThis);
	if (!resolver)
		return;
	resolver = xsmcGetHostDataValidate(xsThis, (void *)&kResolverHooks);
	xsmcSetHostData(xsThis, NULL);
	xsmcSetHostDestructor(xsThis, NULL);
	drop(resolver);
}

static void readHost(xsMachine *the, char *host)
{
	xsmcVars(1);
	xsmcGet(xsVar(0), xsArg(0), xsID("host"));
	xsType type = xsmcTypeOf(xsVar(0));
	if (type != xsStringType && type != xsStringXType)
		xsTypeError("host: not a string");
	const char *text = xsmcToString(xsVar(0));
	if (*text == 0)
		xsTypeError("host: not a string");
	if (strlen(text) >= kResolverHostBytes)
		xsRangeError("host: too long");
	memcpy(host, text, strlen(text) + 1);
}

void xs_resolver_resolve(xsMachine *the)
{
	char host[kResolverHostBytes];
	int place = 0;
	Resolver resolver = xsmcGetHostDataValidate(xsThis, (void *)&kResolverHooks);
	optionsCheck(the);
	readHost(the, host);
	xsSlot *onResolved = optionsCallback(the, "onResolved");
	xsSlot *onError = optionsCallback(the, "onError");
	if (!onResolved || !onError)
		xsTypeError("onResolved, onError: not a function");
	while (place < kResolverQueriesMax && resolver->queries[place])
		place++;
	if (place == kResolverQueriesMax)
		xsRangeError("resolver: too many queries");
	Query query = calloc(1, sizeof(QueryRecord));
	if (!query)
		xsUnknownError("resolver: no memory");
	memcpy(query->host, host, sizeof(host));
	query->resolver = resolver;
	query->answer.run = answer;
	query->answer.data = query;
	query->onResolved = xsReference(onResolved);
	query->onError = xsReference(onError);
	xsRemember(query->onResolved);
	xsRemember(query->onError);
	resolver->queries[place] = query;
	if (isLiteral(host))
		memcpy(query->address, host, strnlen(host, sizeof(query->address) - 1));
	else if (ask(query))
		return;
	loopPost(&query->answer);
}
