/* What holds a pod's namespaces open: sleeps until told to end, and reaps what the pod's processes leave behind. */
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static void end(int number) {
    (void)number;
    _exit(0);
}

int main(void) {
    /* Ignored children are reaped by the kernel. */
    struct sigaction ignore = {.sa_handler = SIG_IGN, .sa_flags = SA_NOCLDWAIT};
    struct sigaction leave = {.sa_handler = end};
    sigaction(SIGCHLD, &ignore, NULL);
    sigaction(SIGTERM, &leave, NULL);
    sigaction(SIGINT, &leave, NULL);
    for (;;) pause();
}
