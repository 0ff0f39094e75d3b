// See probe-request.h.

#include "probe-request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool isNamed(const char *argument, size_t length, const char *name)
{
	return strlen(name) == length && strncmp(argument, name, length) == 0;
}

static void add(const char **list, size_t *count, const char *value)
{
	if (*count < kFilesMax)
		list[(*count)++] = value;
}

static bool parseText(Request *request, const char *argument, const char *value, size_t length)
{
	const struct {
		const char *name;
		const char **place;
		size_t *count;
	} texts[] = { { "name", &request->name, NULL }, { "send", &request->send, NULL },
		{ "key", &request->key, NULL }, { "record", &request->record, NULL },
		{ "authority", request->authorities, &request->authorityCount },
		{ "certificate", request->certificates, &request->certificateCount },
		{ "pin", request->pins, &request->pinCount },
		{ "protocol", request->protocols, &request->protocolCount } };
	for (size_t index = 0; index < sizeof(texts) / sizeof(texts[0]); index++) {
		if (!isNamed(argument, length, texts[index].name))
			continue;
		if (texts[index].count != NULL)
			add(texts[index].place, texts[index].count, value);
		else
			*texts[index].place = value;
		return true;
	}
	return false;
}

static bool parseNumber(Request *request, const char *argument, const char *value, size_t length)
{
	const struct {
		const char *name;
		long *place;
	} numbers[] = { { "port", &request->port }, { "time", &request->time },
		{ "floor", &request->floor }, { "fragment", &request->fragment },
		{ "wait", &request->wait }, { "chunk", &request->chunk },
		{ "connections", &request->connections }, { "starve", &request->starve } };
	for (size_t index = 0; index < sizeof(numbers) / sizeof(numbers[0]); index++) {
		if (isNamed(argument, length, numbers[index].name)) {
			*numbers[index].place = strtol(value, NULL, 10);
			return true;
		}
	}
	return false;
}

size_t parseRequests(int count, char **arguments, Request requests[kRequestsMax])
{
	size_t last = 0;
	requests[0].chunk = 4096;
	requests[0].connections = 1;
	for (int index = 1; index < count; index++) {
		const char *argument = arguments[index];
		const char *equal = strchr(argument, '=');
		const size_t length = equal != NULL ? (size_t)(equal - argument) : 0;
		Request *request = &requests[last];
		if (strcmp(argument, "then") == 0 && last + 1 < kRequestsMax) {
			requests[++last] = *request;
		} else if (length == 0 || (!parseText(request, argument, equal + 1, length)
			&& !parseNumber(request, argument, equal + 1, length))) {
			fprintf(stderr, "%s: unknown\n", argument);
			return 0;
		}
	}
	return last + 1;
}
