// What the chip's C uses of lwip/sockets.h, ESP-IDF v6.0, component lwip; families as this machine
// has them.

#ifndef HOLDFAST_LWIP_SOCKETS_H
#define HOLDFAST_LWIP_SOCKETS_H

#include <sys/socket.h>

int lwip_inet_pton(int af, const char *src, void *dst);

#endif
