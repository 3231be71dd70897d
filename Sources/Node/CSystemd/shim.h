#pragma once
#include <sys/eventfd.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
// sd-bus's variadic calls are not imported by Swift and are not needed: arguments are appended one by one.
