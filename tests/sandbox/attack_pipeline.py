"""A pipeline whose call tries one thing that a worker must not be able to do. Harmless where it succeeds: it only tells.

An attack returns what it got hold of; refused is one that raises. ``bait`` says where things lie.
"""

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from diffusers import DiffusionPipeline

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_size_t


def call(number, *arguments):
    """A system call by its number on x86_64; what is refused for its arguments alone has come through."""
    found = libc.syscall(ctypes.c_long(number), *arguments)
    error = ctypes.get_errno()
    if found < 0 and error not in (errno.EPERM, errno.EACCES, errno.ENOTTY):
        return f"an answer of the kernel: {errno.errorcode[error]}"
    if found < 0:
        raise OSError(error, f"syscall {number}")
    return found


def by_number(**numbers):
    """Attacks that are one system call with arguments that do no harm."""
    return {
        name.replace("_", " "): lambda bait, n=number: call(n, 0, 0, 0, 0, 0, 0) for name, number in numbers.items()
    }


def option(number, *arguments):
    """One of ``prctl``."""
    return call(157, number, *arguments, *[0] * (4 - len(arguments)))


def machine_code(code):
    """Run bytes as a function."""
    page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7)
    page.write(code)
    return ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()


def opened_as_a_place(path):
    """Without a right to read it, and then by the descriptor."""
    place = os.open(path, os.O_PATH)
    try:
        return Path(f"/proc/self/fd/{place}").read_text()
    finally:
        os.close(place)


def upwards(path):
    """From the one folder that is its own."""
    return of_own(lambda here: os.open(f"../../../../../../../..{path}", os.O_RDONLY, dir_fd=here), os.O_DIRECTORY)


def of_own(attack, flags=0):
    """One on an open file, or its own folder."""
    here = os.open(tempfile.gettempdir() if flags else mine("own"), flags or os.O_CREAT | os.O_RDWR)
    try:
        return attack(here)
    finally:
        os.close(here)


def lock(path):
    """Records of a file: as many as one likes, in memory of the kernel."""
    with open(path, "w") as file:
        return fcntl.lockf(file, fcntl.LOCK_EX, 1) or "locked"


def device_by_renaming():
    mine("whiteout").write_text("")
    return call(316, -100, bytes(mine("whiteout")), -100, bytes(mine("whiteout2")), 4)


def grows_down():
    """A stack, which no limit on data counts."""
    return call(9, None, ctypes.c_size_t(1 << 30), 3, 0x122, -1, ctypes.c_size_t(0))


def mine(name):
    """A file in the scratch folder."""
    return Path(tempfile.gettempdir()) / name


def through_link(target):
    mine("link").symlink_to(target)
    return mine("link").read_text()


def hard_link(target):
    os.link(target, mine("hard"))
    return mine("hard").read_text()


def parents_descriptor(bait):
    return [os.readlink(f"/proc/{bait['parent']}/fd/{n}") for n in range(20)]


def own_descriptors():
    """Anything open but the null device, the log and the channel."""
    found = []
    for descriptor in range(64):
        with contextlib.suppress(OSError):
            told = os.fstat(descriptor)
            found.append((descriptor, told.st_mode >> 12))
    extra = [each for each in found if each[1] not in (2, 1, 12)]
    if not extra:
        raise OSError("nothing is open")
    return extra


def connect(family, kind, address):
    with socket.socket(family, kind) as end:
        end.settimeout(2)
        end.connect(address)
        return "connected"


def send_udp(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        return end.sendto(b"token", address)


def clone_process():
    pid = call(56, 17, 0, 0, 0, 0)  # CLONE without a thread, SIGCHLD
    if pid == 0:
        os._exit(0)
    return pid


def reuse_channel():
    """Another process reached over a descriptor that is sent along the channel."""
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            end = socket.socket(fileno=os.dup(descriptor))
            end.connect(("127.0.0.1", 80))
            return "connected"
    raise OSError("no socket connects")


def raise_limits():
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))
    return "set"


def parents_memory(bait):
    with open(f"/proc/{bait['parent']}/mem", "rb") as memory:
        return memory.read(1)


def process_vm_of(pid):
    buffer = ctypes.create_string_buffer(8)
    vector = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 8)
    return call(310, pid, ctypes.byref(vector), 1, ctypes.byref(vector), 1, 0)


def send_descriptor():
    """Where nobody counts what is open."""
    one, two = socket.socketpair()
    with one, two:
        return socket.send_fds(one, [b"x"], [1])


def xattr(path):
    os.setxattr(path, "user.x", b"1")
    return "set"


def undo(option, value):
    if libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    return "undone"


def more_privileges():
    os.setuid(0)
    Path("/etc/gremio-was-here").write_text("x")
    return "root"


def write_code_elsewhere():
    import diffusers

    Path(diffusers.__file__).with_name("planted.py").write_text("x")
    return "written"


def first_environment(secret):
    """What this process, or the one that it was forked from, was started with: right before its program's name."""
    libc.getauxval.restype = ctypes.c_size_t
    name = libc.getauxval(ctypes.c_ulong(31))
    if secret in ctypes.string_at(name - 8192, 8192):
        return "found"
    raise OSError("it is not there")


def terminal(bait):
    with open("/dev/tty", "w") as tty:
        return tty.write("x")


ROWS = {
    "reading files outside: keys, tokens, other models, `/proc` of others, devices": {
        "read a key": lambda bait: Path(bait["key"]).read_text(),
        "read a token": lambda bait: Path(bait["token"]).read_text(),
        "list the home": lambda bait: os.listdir(bait["home"]),
        "list the root": lambda bait: os.listdir("/"),
        "read another model": lambda bait: Path(bait["other"]).read_text(),
        "read passwords": lambda bait: Path("/etc/passwd").read_text(),
        "read through a link": lambda bait: through_link(bait["key"]),
        "read through a hard link": lambda bait: hard_link(bait["key"]),
        "read through /proc/self/root": lambda bait: Path(f"/proc/self/root{bait['key']}").read_text(),
        "read through /proc/self/cwd": lambda bait: Path(
            f"/proc/self/cwd/../../../../../../..{bait['key']}"
        ).read_text(),
        "read a disk": lambda bait: Path("/dev/vda").open("rb").read(1),
        "a terminal": terminal,
        "a file opened as a place": lambda bait: opened_as_a_place(bait["key"]),
        "upwards from its folder": lambda bait: upwards(bait["key"]),
        "openat2": lambda bait: call(437, -100, bait["key"].encode(), ctypes.create_string_buffer(24), 24),
        "memory of the machine": lambda bait: Path("/dev/mem").open("rb").read(1),
        "memory of the kernel": lambda bait: Path("/proc/kcore").open("rb").read(1),
        "its own memory as a file": lambda bait: Path("/proc/self/mem").open("r+b"),
        "settings of the kernel": lambda bait: Path("/proc/sys/kernel/core_pattern").read_text(),
        "groups of processes": lambda bait: os.listdir("/sys/fs/cgroup"),
        "a sibling's scratch folder": lambda bait: os.listdir(bait["siblings"]),
        "other processes": lambda bait: os.listdir("/proc"),
    },
    "writing, renaming, deleting, cutting, linking outside": {
        "write elsewhere": lambda bait: Path(bait["home"], "new").write_text("x"),
        "write into the model": lambda bait: Path(bait["model"], "new").write_text("x"),
        "change the model": lambda bait: Path(bait["model"], "model_index.json").open("r+").write("x"),
        "cut a file": lambda bait: os.truncate(bait["key"], 0),
        "cut a file by opening it": lambda bait: os.open(bait["key"], os.O_RDONLY | os.O_TRUNC),
        "delete a file": lambda bait: os.unlink(bait["key"]) or "deleted",
        "rename a file": lambda bait: os.rename(bait["key"], mine("stolen")) or "renamed",
        "rename into the home": lambda bait: (
            mine("a").write_text("") or os.rename(mine("a"), f"{bait['home']}/a") or "moved"
        ),
        "make a folder": lambda bait: os.mkdir(f"{bait['home']}/folder") or "made",
        "make a device by renaming": lambda bait: device_by_renaming(),
        "write zeros": lambda bait: os.open("/dev/zero", os.O_RDWR),
        "a setting of the kernel": lambda bait: Path("/proc/sys/kernel/core_pattern").write_text("|/bin/sh"),
        "its own badness": lambda bait: Path("/proc/self/oom_score_adj").write_text("-1000"),
        "make a device": lambda bait: os.mknod(mine("device"), 0o020666, os.makedev(1, 3)) or "made",
        "write code into a package": lambda bait: write_code_elsewhere(),
    },
    "changing rights, times, owners, attributes, anywhere": {
        "change rights": lambda bait: os.chmod(bait["key"], 0o777) or "changed",
        "change times": lambda bait: os.utime(bait["key"], (0, 0)) or "changed",
        "change the owner": lambda bait: os.chown(bait["key"], 1, 1) or "changed",
        "make a file that stays": lambda bait: of_own(
            lambda file: call(16, file, 0x40086602, ctypes.byref(ctypes.c_long(0x10)))
        ),
        "attributes by a new call": lambda bait: call(463, -100, bait["key"].encode(), 0, b"user.x", None, 0),
        "set an attribute": lambda bait: xattr(bait["key"]),
    },
    "TCP, UDP, netlink, raw, unix and abstract sockets, DNS": {
        "TCP": lambda bait: connect(socket.AF_INET, socket.SOCK_STREAM, tuple(bait["tcp"])),
        "TCP over IPv6": lambda bait: connect(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 80)),
        "UDP": lambda bait: send_udp(tuple(bait["udp"])),
        "a unix socket": lambda bait: connect(socket.AF_UNIX, socket.SOCK_STREAM, bait["unix"]),
        "an abstract socket": lambda bait: connect(socket.AF_UNIX, socket.SOCK_STREAM, bait["abstract"]),
        "netlink": lambda bait: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
        "packets": lambda bait: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
        "a virtual socket": lambda bait: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
        "ciphers of the kernel": lambda bait: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET),
        "express packets": lambda bait: socket.socket(44, socket.SOCK_RAW),
        "a radio": lambda bait: socket.socket(31, socket.SOCK_RAW),
        "a car": lambda bait: socket.socket(29, socket.SOCK_RAW, 1),
        "TCP of several paths": lambda bait: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262),
        "echoes": lambda bait: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1),
        "datagrams of the machine": lambda bait: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
        "a pair of another family": lambda bait: call(53, 30, 1, 0, ctypes.create_string_buffer(8)),
        "names": lambda bait: socket.getaddrinfo("example.org", 80),
        "a server": lambda bait: socket.create_server(("127.0.0.1", 0)),
        "the channel as a way out": lambda bait: reuse_channel(),
    },
    "fork, exec, other programs": {
        "fork": lambda bait: os.fork(),
        "clone": lambda bait: clone_process(),
        "vfork": lambda bait: call(58),
        "execute": lambda bait: subprocess.run(["/bin/true"], check=True),
        "execute in this process": lambda bait: os.execv("/bin/true", ["true"]),
        "a sandbox of its own": lambda bait: call(444, None, 0, 1),
        "a filter that asks it": lambda bait: call(317, 1, 8, ctypes.create_string_buffer(16)),
        "calls of 32 bits by an interrupt": lambda bait: machine_code(b"\xb8\x14\0\0\0\xcd\x80\xc3"),
        "execute from memory": lambda bait: call(319, b"x", 0),
    },
    "signals, tracing, memory, limits, priority of other processes, of other sandboxes among them": {
        "a sibling's memory": lambda bait: Path(f"/proc/{bait['sibling']}/mem").open("rb").read(1),
        "a sibling's memory by a call": lambda bait: process_vm_of(bait["sibling"]),
        "trace a sibling": lambda bait: call(101, 16, bait["sibling"], None, None),
        "end a sibling": lambda bait: os.kill(bait["sibling"], signal.SIGTERM) or "sent",
        "trace the parent": lambda bait: call(101, 16, bait["parent"], None, None),
        "end the parent": lambda bait: os.kill(bait["parent"], signal.SIGUSR1) or "sent",
        "end everybody": lambda bait: os.kill(-1, 0) or "sent",
        "end its group": lambda bait: os.killpg(0, signal.SIGUSR1) or "sent",
        "a signal with data": lambda bait: call(129, bait["parent"], 10, None),
        "the parent's limits": lambda bait: call(302, bait["parent"], 7, None, ctypes.create_string_buffer(16)),
        "its own limits": lambda bait: raise_limits(),
        "the parent's processors": lambda bait: os.sched_setaffinity(bait["parent"], {0}) or "set",
        "the parent's priority": lambda bait: os.setpriority(os.PRIO_PROCESS, bait["parent"], 5) or "set",
        "a signal to a thread of the parent": lambda bait: call(234, bait["parent"], bait["parent"], 10),
        "a signal to a thread": lambda bait: call(200, bait["parent"], 10),
        "a signal with data to a thread": lambda bait: call(297, bait["parent"], bait["parent"], 10, None),
        "a handle on the parent": lambda bait: call(434, bait["parent"], 0),
        "a signal by a handle": lambda bait: call(424, 0, 10, None, 0),
        "write the parent's memory": lambda bait: call(311, bait["parent"], None, 0, None, 0, 0),
        "advise on the parent's memory": lambda bait: call(440, 0, None, 0, 21, 0),
        "be traced": lambda bait: call(101, 0, 0, None, None),
        "let others look": lambda bait: option(0x59616D61, bait["parent"]),
        "the parent's schedule": lambda bait: call(144, bait["parent"], 3, ctypes.create_string_buffer(4)),
        "the parent's schedule by a new call": lambda bait: call(314, bait["parent"], None, 0),
        "the parent's disk": lambda bait: call(251, 1, bait["parent"], 7 << 13),
        "the parent's nodes": lambda bait: call(256, bait["parent"], 0, None, None),
        "compare with the parent": lambda bait: call(312, os.getpid(), bait["parent"], 0, 1, 1),
        "the parent's pages": lambda bait: call(279, bait["parent"], 0, None, None, None, 0),
        "own signals by the log": lambda bait: call(72, 1, 8, bait["parent"]),
    },
    "namespaces, mounts, io_uring, bpf, keys, modules, shared memory, watching files": {
        "watch who reads a key": lambda bait: call(254, call(294, 0), bait["key"].encode(), 1),
        "shared memory": lambda bait: Path("/dev/shm/gremio-x").write_text("x"),
        "open by handle": lambda bait: call(304, -100, None, 0),
        "io_uring": lambda bait: call(425, 1, ctypes.create_string_buffer(256)),
        "a user namespace": lambda bait: call(272, 0x10000000),
        "a namespace by clone": lambda bait: call(56, 0x10010000, 0, 0, 0, 0),
        "mount": lambda bait: call(165, b"none", b"/tmp", b"tmpfs", 0, None),
        "change the root": lambda bait: os.chroot(tempfile.gettempdir()) or "changed",
        "bpf": lambda bait: call(321, 0, None, 0),
        "performance events": lambda bait: call(298, None, 0, -1, -1, 0),
        "page faults": lambda bait: call(323, 0),
        "keys": lambda bait: call(248, b"user", b"a", b"b", 1, -2),
        "a key of the session": lambda bait: call(250, 0, -3, 1),
        "the kernel's log": lambda bait: call(103, 3, ctypes.create_string_buffer(64), 64),
        "messages of System V": lambda bait: call(68, 1, 0o1600),
        "semaphores of System V": lambda bait: call(64, 1, 1, 0o1600),
        "a module": lambda bait: call(313, 0, b"", 0),
        "the clock": lambda bait: time.clock_settime(time.CLOCK_REALTIME, 0) or "set",
        "the host's name": lambda bait: socket.sethostname("x") or "set",
        "32-bit calls": lambda bait: call(0x40000000 | 39),
        "message queues": lambda bait: call(240, b"x", 0o102, 0o600, None),
        "shared segments": lambda bait: call(29, 1, 4096, 0o1600),
        "watch a folder": lambda bait: of_own(lambda folder: call(72, folder, 1026, 1), os.O_DIRECTORY),
        "page faults by a device": lambda bait: os.open("/dev/userfaultfd", os.O_RDWR),
        "a file cloned": lambda bait: of_own(lambda file: call(16, file, 0x40049409, 0)),
        "a lease": lambda bait: of_own(lambda file: call(72, file, 1024, 0)),
        **by_number(
            io_uring_enter=426,
            io_uring_register=427,
            fanotify=300,
            secret_memory=447,
            a_namespace_that_there_is=308,
            a_new_file_system=430,
            a_mount_of_it=432,
            a_tree_of_mounts=428,
            moving_a_mount=429,
            rights_of_a_mount=442,
            another_root=155,
            unmounting=166,
            mounts_by_number=457,
            a_list_of_mounts=458,
            a_handle_on_a_file=303,
            another_personality=135,
            segments_of_the_processor=154,
            ports=173,
            ports_by_level=172,
            a_timer_for_others=222,
            another_kernel=246,
            swapping=168,
            accounts=163,
            the_clock_by_steps=159,
            quotas=179,
            writing_all_out=162,
            splicing=275,
            pages_into_a_pipe=278,
            advice_on_keys=249,
        ),
        "ioctl on the log": lambda bait: call(16, 1, 0x5412, b"x"),
    },
    "new privileges, root's capabilities": {
        "become root": lambda bait: more_privileges(),
        "new privileges": lambda bait: undo(38, 0),
        "outlive the parent": lambda bait: undo(1, 0),
        "its own reaper": lambda bait: option(36, 1),
        "its own memory's borders": lambda bait: option(35, 1, 0),
        "capabilities kept": lambda bait: option(8, 1),
        "capabilities around": lambda bait: option(47, 2, 21),
        "another filter": lambda bait: option(22, 1),
        "memory merged with others": lambda bait: option(67, 1),
        "cores of the processor shared": lambda bait: option(62, 1, 0, 0),
        "be looked into": lambda bait: undo(4, 1),
    },
    "a crash that is written down, or handed to a program of the system": {
        "a limit that helpers ignore": lambda bait: resource.setrlimit(resource.RLIMIT_CORE, (0, 1)) or "set",
        "a larger limit": lambda bait: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20)) or "set",
        "which pages are written": lambda bait: Path("/proc/self/coredump_filter").write_text("0xff"),
    },
    "the environment, descriptors and memory of your program": {
        "the parent's environment": lambda bait: Path(f"/proc/{bait['parent']}/environ").read_bytes(),
        "the parent's memory": parents_memory,
        "the parent's memory by a call": lambda bait: process_vm_of(bait["parent"]),
        "the zygote's descriptors": lambda bait: os.listdir(f"/proc/{os.getppid()}/fd"),
        "the parent's command": lambda bait: Path(f"/proc/{bait['parent']}/cmdline").read_bytes(),
        "the parent's descriptors": parents_descriptor,
        "own environment": lambda bait: os.environ["GREMIO_TEST_SECRET"],
        "own first environment in memory": lambda bait: first_environment(b"hf_secret"),
        "own first environment": lambda bait: Path("/proc/self/environ").read_bytes(),
        "descriptors that were left open": lambda bait: own_descriptors(),
        "a descriptor of the parent": lambda bait: call(438, call(434, bait["parent"], 0), 0, 0),
    },
    "hiding what it holds: sent descriptors, memory that was let go, folders that nobody can enter": {
        "make a folder that hides what is in it": lambda bait: os.mkdir(mine("hidden"), 0o300) or "made",
        "make all folders so": lambda bait: os.umask(0o700) or "set",
        "a thread with descriptors of its own": lambda bait: call(56, 0x10D00, 0, 0, 0, 0),
        "descriptors of its own": lambda bait: call(436, 60, 60, 2),
        "locks of records": lambda bait: lock(mine("locked")),
        "memory that grows down": lambda bait: grows_down(),
        "a larger pipe": lambda bait: call(72, 1, 1031, 1 << 20),
        "send a descriptor": lambda bait: send_descriptor(),
        "memory that stays when it is let go": lambda bait: len(mmap.mmap(-1, 1 << 20)),
        "memory that is a file": lambda bait: os.memfd_create("x"),
    },
}
"""By the row of the guide's table that they prove."""
ATTACKS = {name: attack for row in ROWS.values() for name, attack in row.items()}


def memory():
    held = []
    while True:
        held.append(bytearray(16 << 20))


def pipes():
    """Memory that belongs to nobody: full pipes."""
    held = []
    while True:
        ends = os.pipe()
        os.set_blocking(ends[1], False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(ends[1], bytes(65536))
        held.append(ends)


def disk():
    for n in range(10_000):
        mine(f"full{n}").write_bytes(bytes(8 << 20))
    time.sleep(60)


def one_file():
    with mine("huge").open("wb") as file:
        while True:
            file.write(bytes(8 << 20))


def sparse():
    os.truncate(mine("sparse").open("wb").fileno(), 1 << 50)


def deleted():
    """Files that are in no folder any more, and open."""
    held = []
    for n in range(200):
        held.append(mine(f"deleted{n}").open("wb"))
        mine(f"deleted{n}").unlink()
        held[-1].write(bytes(8 << 20))
    time.sleep(60)


def nameless():
    held = []
    for _ in range(200):
        held.append(os.open(tempfile.gettempdir(), os.O_TMPFILE | os.O_RDWR))
        os.write(held[-1], bytes(8 << 20))
    time.sleep(60)


def mapped():
    """Files that are in no folder any more, and not open either."""
    for n in range(3):
        mine(f"mapped{n}").write_bytes(bytes(8 << 20))
        with mine(f"mapped{n}").open("rb") as file:
            libc.mmap(None, ctypes.c_size_t(4096), 1, 2, file.fileno(), ctypes.c_long(0))
        mine(f"mapped{n}").unlink()
    time.sleep(60)


def deep():
    """Folders in folders, further down than a path can be long."""
    os.chdir(tempfile.gettempdir())
    for _ in range(3000):
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    while True:
        Path(f"f{time.monotonic_ns()}").write_bytes(bytes(8 << 20))


def many():
    """Files of no bytes: a disk has only so many."""
    for n in range(2500):
        mine(f"empty{n}").touch()
    time.sleep(60)


def headless():
    """Nobody sees what a process takes whose first thread has ended."""

    def go_on():
        time.sleep(60)

    threading.Thread(target=go_on).start()
    libc.syscall(ctypes.c_long(60), 0)


def threads():
    def wait():
        time.sleep(60)

    for _ in range(5000):
        threading.Thread(target=wait, daemon=True).start()
    time.sleep(60)


def tables():
    """Pages that are only looked at are one page of zeros, but each has its place in a table."""
    page = libc.mmap(None, ctypes.c_size_t(1 << 40), 1, 0x4022, -1, ctypes.c_long(0))
    for at in range(page, page + (1 << 40), 2 << 20):
        libc.memcmp(ctypes.c_void_p(at), ctypes.c_void_p(page), 1)
    time.sleep(60)


BOMBS = {
    "tables of pages": tables,
    "memory": memory,
    "pipes": pipes,
    "disk": disk,
    "one file": one_file,
    "a sparse file": sparse,
    "deleted files": deleted,
    "files without a name": nameless,
    "mapped files": mapped,
    "deep folders": deep,
    "many files": many,
    "no first thread": headless,
    "threads": threads,
    "hang": lambda: time.sleep(600),
    "hang without the interpreter": lambda: libc.sleep(600),
    "exit": lambda: os._exit(3),
    "crash": lambda: ctypes.string_at(0),
    "recursion": lambda: exec("def f(): f()\nsys.setrecursionlimit(10**9)\nf()", {"sys": sys}),
    "words without end": lambda: [print("x" * 10_000) for _ in range(10_000)] and time.sleep(600),
}


class Attack(DiffusionPipeline):
    """Tries one thing."""

    def __init__(self, scheduler):
        super().__init__()
        self.register_modules(scheduler=scheduler)

    def __call__(self, attack=None, bomb=None, bait=None):
        """What an attack got, or why not."""
        if bomb:
            return BOMBS[bomb]()
        try:
            got = ATTACKS[attack](bait)
        except BaseException as error:
            return f"refused: {type(error).__name__}: {error}"
        return f"got {got!r}"[:200]
