#!/usr/bin/python3
"""resolver_peer.py PORT|PATH [--uvloop]: Debian's postfix-mta-sts-resolver
with one policy in its cache, which stays fresh; answers on TCP or a UNIX
socket.

Its own server and cache, without its configuration file, its DNS and its
HTTPS; with --uvloop on the event loop that its package recommends. Prints
"ready". Exit status 3: the package, or uvloop, is not installed.
"""
import asyncio
import logging
import sys
import time

try:
    from postfix_mta_sts_resolver import defaults, utils
    from postfix_mta_sts_resolver.base_cache import CacheEntry
    from postfix_mta_sts_resolver.internal_cache import InternalLRUCache
    from postfix_mta_sts_resolver.responder import STSSocketmapResponder
except ImportError:
    sys.exit(3)

DAY = 86400


def configuration(where):
    place = ({'host': '127.0.0.1', 'port': int(where)} if where.isdigit()
             else {'path': where, 'mode': None})
    zone = {'strict_testing': False, 'timeout': defaults.TIMEOUT,
            'require_sni': True}
    return place | {'reuse_port': True, 'cache_grace': DAY, 'zones': {},
                    'shutdown_timeout': 1, 'default_zone': zone}


async def serve(where):
    logging.disable(logging.CRITICAL)
    cache = InternalLRUCache()
    await cache.set('example.com', CacheEntry(time.time(), '1', {
        'version': 'STSv1', 'mode': 'enforce', 'max_age': DAY,
        'mx': ['mx1.example.com', 'mx2.example.com']}))
    responder = STSSocketmapResponder(configuration(where),
                                      asyncio.get_running_loop(), cache)
    await responder.start()
    print('ready', flush=True)
    await asyncio.Event().wait()


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ['--uvloop']):
        sys.exit(__doc__)
    if sys.argv[2:] and not utils.enable_uvloop():
        sys.exit(3)
    asyncio.run(serve(sys.argv[1]))


main()
