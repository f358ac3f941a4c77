#!/usr/bin/env python3
"""A line between two network namespaces, in user space: delay, loss and cuts, each way by itself. Needs root.

    link.py NAMESPACE-A ADDRESS-A NAMESPACE-B ADDRESS-B      e.g. link.py dc-a 10.101.0.1 dc-b 10.102.0.1

Makes an interface `wan0` in each namespace, prints `ready`, and takes orders as JSON lines on stdin, each answered with `ok`:
    {"there": {"delayMs": 20, "loss": 0.3, "cut": false}, "back": {"cut": true}}
`there` is from A to B. Ends, and takes the interfaces with it, when stdin does. The kernel here has no netem, and nft cannot be
taken for granted; a packet that takes this way costs about 20 us.
"""
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
libc = ctypes.CDLL(None, use_errno=True)


def enter(path):
    fd = os.open(path, os.O_RDONLY)
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"cannot enter {path}")
    os.close(fd)


def interface(namespace, address):
    """The file of a TUN interface in this namespace: each read is a packet that leaves it, each write one that comes in."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    enter(f"/var/run/netns/{namespace}")
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", b"wan0", IFF_TUN | IFF_NO_PI))
    libc.setns(home, CLONE_NEWNET)
    os.close(home)
    for words in (f"addr add {address}/32 dev wan0", "link set wan0 up txqueuelen 5000", "route add 10.96.0.0/11 dev wan0"):
        subprocess.run(["ip", "-n", namespace, *words.split()], check=True)
    return tun


def main():
    namespace_a, address_a, namespace_b, address_b = sys.argv[1:]
    ends = {"there": interface(namespace_a, address_a), "back": interface(namespace_b, address_b)}
    to = {"there": ends["back"], "back": ends["there"]}
    ways = {way: {"delayMs": 0, "loss": 0, "cut": False} for way in ends}
    due = []
    sent = 0
    print("ready", flush=True)
    while True:
        wait = max(0, due[0][0] - time.monotonic()) if due else None
        readable, _, _ = select.select([sys.stdin, *ends.values()], [], [], wait)
        if sys.stdin in readable:
            line = sys.stdin.readline()
            if not line:
                return
            for way, change in json.loads(line).items():
                ways[way].update(change)
            print("ok", flush=True)
        for way, tun in ends.items():
            if tun not in readable:
                continue
            for _ in range(64):
                try:
                    packet = os.read(tun, 65536)
                except BlockingIOError:
                    break
                state = ways[way]
                if state["cut"] or random.random() < state["loss"]:
                    continue
                sent += 1
                heapq.heappush(due, (time.monotonic() + state["delayMs"] / 1000, sent, way, packet))
        while due and due[0][0] <= time.monotonic():
            _, _, way, packet = heapq.heappop(due)
            try:
                os.write(to[way], packet)
            except OSError:
                pass


main()
