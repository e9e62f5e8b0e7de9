"""The program on a terminal of its own (a pty), of a size that tests choose."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from cli import BINARY, environment


class Terminal:
    """`on` names the descriptors that are the terminal: of 0, 1 and 2. The
    others are pipes, or what `files` says."""

    def __init__(self, *words, columns=80, on=(0, 1, 2), env=None, files=None):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack('HHHH', 24, columns, 0, 0))
        # No translation of line ends: what is written is what is read.
        settings = termios.tcgetattr(slave)
        settings[1] &= ~termios.OPOST
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        streams = [slave if number in on else subprocess.PIPE
                   for number in range(3)]
        for number, file in (files or {}).items():
            streams[number] = file

        def take_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [BINARY, *words], stdin=streams[0], stdout=streams[1],
            stderr=streams[2], pass_fds=(slave,), preexec_fn=take_terminal,
            env=environment(**{'TERM': 'xterm'} | (env or {})))
        os.close(slave)
        self.text = ''

    def read(self, seconds=0.1):
        """Takes what comes within the time; False once it has ended."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: nobody has it open any more
            return False
        self.text += data.decode('utf-8', 'replace')
        return bool(data)

    def until(self, pattern, seconds=30):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, self.text
            assert self.read() or re.search(pattern, self.text), self.text
        return self.text

    def press(self, keys):
        os.write(self.master, keys.encode())

    def finish(self, seconds=60):
        """All that was shown, and the exit status."""
        end = time.monotonic() + seconds
        while self.read():
            if self.process.poll() is not None and not self.read(0.05):
                break
            assert time.monotonic() < end, self.text
        status = self.process.wait(timeout=seconds)
        return self.text, status

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=10)
        for stream in (self.process.stdin, self.process.stdout,
                       self.process.stderr):
            if stream:
                stream.close()
        os.close(self.master)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def shown(*words, **options):
    """All that the program shows on a terminal, and its exit status."""
    with Terminal(*words, **options) as terminal:
        return terminal.finish()
