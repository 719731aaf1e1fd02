#define _GNU_SOURCE
#include "clock_shift.h"

#include <dlfcn.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t shift_seconds(void)
{
    static time_t seconds;
    static int is_read;
    if (!is_read) {
        const char *text = getenv("CLOCK_SHIFT_SECONDS");
        seconds = text ? (time_t)strtoll(text, NULL, 10) : 0;
        is_read = 1;
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int status = (int)syscall(SYS_clock_gettime, clock, time);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        time->tv_sec += shift_seconds();
    }
    return status;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    (void)zone;
    struct timespec now;
    int status = clock_gettime(CLOCK_REALTIME, &now);
    if (status == 0) {
        time->tv_sec = now.tv_sec;
        time->tv_usec = now.tv_nsec / 1000;
    }
    return status;
}

time_t time(time_t *seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (seconds) {
        *seconds = now.tv_sec;
    }
    return now.tv_sec;
}

// An absolute wall-clock deadline was computed from the shifted time; the kernel knows the true one only.
int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline)
{
    static int (*wait)(sem_t *, const struct timespec *);
    if (!wait) {
        wait = (int (*)(sem_t *, const struct timespec *))dlsym(RTLD_NEXT, "sem_timedwait");
    }
    struct timespec true_deadline = *deadline;
    true_deadline.tv_sec -= shift_seconds();
    return wait(semaphore, &true_deadline);
}
