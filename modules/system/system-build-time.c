// See system-build-time.h.

#include "system-build-time.h"

#include <string.h>

static int numberOf(const char *text, int length)
{
	int number = 0;
	for (int index = 0; index < length; index++) {
		if (text[index] == ' ' && number == 0)
			continue;
		if (text[index] < '0' || text[index] > '9')
			return -1;
		number = number * 10 + (text[index] - '0');
	}
	return number;
}

int64_t systemBuildTime(const char *date)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	if (strlen(date) != 11 || date[3] != ' ' || date[6] != ' ')
		return 0;
	int month = 0;
	while (month < 12 && strncmp(months + 3 * month, date, 3) != 0)
		month++;
	int day = numberOf(date + 4, 2);
	int year = numberOf(date + 7, 4);
	if (month == 12 || day < 1 || day > 31 || year < 2020)
		return 0;
	// Years that begin in March have their leap day last.
	int64_t years = year - (month < 2);
	int64_t days = years * 365 + years / 4 - years / 100 + years / 400 +
		((month + 10) % 12 * 153 + 2) / 5 + day - 1;
	return (days - 719468 - 1) * 86400;
}
