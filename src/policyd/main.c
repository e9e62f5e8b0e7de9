/*
 * mtasts-policyd: see mtasts-policyd(8).
 */
#include "policyd/role.h"

int main(int argc, char **argv)
{
    return daemon_main(&policyd_role, argc, argv);
}
