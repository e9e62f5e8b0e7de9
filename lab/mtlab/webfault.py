#!/usr/bin/python3
"""webfault - an HTTPS server that misbehaves as nginx cannot

SYNOPSIS
    webfault.py CONFIG

DESCRIPTION
    CONFIG is a JSON list of {kind, addresses, combined, body}; combined is
    a file of key and certificates.  Kinds:

        drip       a policy that comes an octet a second and never ends
        cut        half of the policy that Content-Length promises
        oversize   the policy, then comment-like lines without end
        silent     takes the request and never answers

    Any request gets the same treatment, whatever its path.
"""

import asyncio
import json
import ssl
import sys

DRIP_PAUSE = 1.0       # seconds between two octets
SILENCE = 600          # seconds until even "silent" hangs up
HEAD_LIMIT = 10        # seconds for a client to send its request
OVERSIZE = 1 << 20     # octets: well over the 64 KiB that senders take


def head(length=None):
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/plain",
             "Connection: close"]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def drip(writer, body):
    writer.write(head())
    while True:
        for octet in body + b"x-padding: " + b"." * 64 + b"\r\n":
            writer.write(bytes([octet]))
            await writer.drain()
            await asyncio.sleep(DRIP_PAUSE)


async def cut(writer, body):
    writer.write(head(len(body)) + body[:len(body) // 2])
    await writer.drain()


async def oversize(writer, body):
    writer.write(head() + body)
    line = b"x-padding: " + b"." * 512 + b"\r\n"
    for _ in range(OVERSIZE // len(line)):
        writer.write(line)
        await writer.drain()


async def silent(writer, body):
    await asyncio.sleep(SILENCE)


KINDS = {"drip": drip, "cut": cut, "oversize": oversize, "silent": silent}


async def serve(job):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(job["combined"])
    body = job["body"].encode("latin-1")

    async def handle(reader, writer):
        try:
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_LIMIT)
            await KINDS[job["kind"]](writer, body)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError,
                asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    for address in job["addresses"]:
        await asyncio.start_server(handle, address, 443, ssl=context)


async def main(config):
    with open(config) as file:
        jobs = json.load(file)
    for job in jobs:
        await serve(job)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
