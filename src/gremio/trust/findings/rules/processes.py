"""Other programs and processes."""

from __future__ import annotations

import ast

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.rules.rule import Rule

PROCESSES: tuple[str, ...] = (
    "os.system", "os.popen", "os.popen2", "os.popen3", "os.popen4", "os.exec*", "os.spawn*", "os.posix_spawn*",
    "os.startfile", "subprocess.*", "pty.*", "asyncio.create_subprocess_*", "asyncio.subprocess_*",
    "asyncio.subprocess.*", "_posixsubprocess.*", "platform.popen", "webbrowser.*",
    "distutils.spawn.*", "distutils.cmd.*", "setuptools.*", "pexpect.*", "ptyprocess.*", "sh.*", "plumbum.*",
    "fabric.*", "invoke.*", "delegator.*", "envoy.*", "psutil.Popen", "docker.*", "git.cmd.*", "git.Repo*",
    "IPython.get_ipython", "IPython.utils.process.*", "torch.distributed.run.*", "torch.distributed.launch*",
    "accelerate.commands.*", "torch.utils.collect_env.run*", "test.*", "transformers.testing_utils.*",
    "accelerate.test_utils.*", "accelerate.notebook_launcher", "ffmpeg.run*",
    "accelerate.launchers.*", "distutils.core.*", "twisted.internet.reactor.spawnProcess", "winreg.*", "msvcrt.*",
)  # fmt: skip


class StartsProgram(Rule):
    """Starting another program."""

    code = "process/start"
    severity = "high"
    names = (
        *PROCESSES,
        *(f"?.{name}" for name in ("Popen", "check_output", "check_call", "getoutput", "getstatusoutput", "popen")),
        *(f"?.{name}" for name in ("system", "execv", "execve", "execvp", "execvpe", "execl", "execlp", "execle")),
        *(f"?.{name}" for name in ("spawnv", "spawnl", "spawnlp", "spawnvp", "posix_spawn", "fork_exec", "startfile")),
    )
    what = "starts another program: {name}"
    why = "Another program can do all that you can do, and none of it can be read here."
    benign = "A pipeline that calls ffmpeg to put a film together."
    bad = (
        "import os\nos.system('ls')\n",
        "from subprocess import run as go\n",
        "import torch\ntorch.os.popen('ls')\n",
        "def f(x):\n    return x.system('ls')\n",
        "async def f():\n    import asyncio\n    await asyncio.create_subprocess_shell('ls')\n",
    )
    good = (
        "import platform\nname = platform.system()\n",
        "class A:\n    def run(self):\n        return self.system\n",
        '"""Run os.system("ls") first."""\n',
    )

    def judge(self, use: Use) -> Severity | None:
        """A guess by the name alone needs a call with something in it."""
        if use.name in ("?.system", "?.popen", "?.startfile"):
            # Looked up by its name, or in a pattern, it is no field of somebody's own.
            sought = isinstance(use.node, ast.MatchClass | ast.Call)
            return self.severity if sought or (use.call is not None and use.call.args) else None
        if use.kind == "import" and use.name in _MODULES:
            return None
        return self.severity


_MODULES = frozenset(name.removesuffix(".*") for name in PROCESSES if name.endswith(".*"))


class MakesProcess(Rule):
    """Making processes that run this code."""

    code = "process/fork"
    severity = "medium"
    at_import = "high"
    names = (
        "os.fork", "os.forkpty", "multiprocessing.*", "concurrent.futures.ProcessPoolExecutor",
        "concurrent.futures.process.*", "torch.multiprocessing.spawn", "torch.multiprocessing.Process",
        "torch.multiprocessing.start_processes", "loky.*", "ray.*", "dask.*", "billiard.*", "pathos.*", "mpi4py.*",
        "?.fork",
    )  # fmt: skip
    what = "makes processes of its own: {name}"
    why = "They go on without the process that made them, and what they do is easily missed."
    benign = "Reading or preparing many pictures at once."
    bad = ("import multiprocessing as mp\nmp.Process(target=print).start()\n", "import os\nos.fork()\n")
    good = ("import multiprocessing as mp\nmp.cpu_count()\n", "import multiprocessing\n")

    def judge(self, use: Use) -> Severity | None:
        """Counting processors makes no process."""
        harmless = ("cpu_count", "current_process", "get_start_method", "parent_process", "active_children")
        last = use.name.rpartition(".")[2]
        return None if use.kind == "import" or last in harmless else self.severity


class MeddlesWithProcesses(Rule):
    """Ending, signalling and limiting processes."""

    code = "process/signal"
    severity = "medium"
    at_import = "high"
    names = (
        "os.kill", "os.killpg", "os.abort", "os._exit", "os.setuid", "os.setgid", "os.setsid", "os.nice", "os.chroot",
        "os.ptrace", "signal.*", "resource.setrlimit", "psutil.Process", "psutil.process_iter", "psutil.pids",
        "builtins.exit", "builtins.quit", "faulthandler.*", "prctl.*",
    )  # fmt: skip
    what = "ends, signals or limits processes: {name}"
    why = "It can stop your program, catch its signals, or reach other programs of yours."
    benign = "A command line that ends when it is interrupted."
    bad = ("import os\nos.kill(1, 9)\n", "import signal\nsignal.signal(signal.SIGTERM, print)\n")
    good = ("import scipy.signal\nscipy.signal.convolve2d(1, 2)\n", "from scipy import signal\nsignal.gaussian(3)\n")

    def judge(self, use: Use) -> Severity | None:
        """The names of the signals do nothing."""
        last = use.name.rpartition(".")[2]
        return None if last.startswith("SIG") or (use.kind == "import" and use.name == "signal") else self.severity


class StartsThread(Rule):
    """Threads."""

    code = "process/thread"
    severity = "low"
    at_import = "high"
    by_import = False
    names = (
        "threading.Thread", "threading.Timer", "_thread.start_new*", "concurrent.futures.ThreadPoolExecutor",
        "concurrent.futures.thread.*", "sched.scheduler", "asyncio.create_task", "asyncio.run*",
        "asyncio.ensure_future",
        "asyncio.to_thread", "?.run_in_executor",
    )  # fmt: skip
    what = "starts a thread or a task: {name}"
    why = "It goes on beside the pipeline, after the call that started it."
    benign = "Reading files while the model works."
    bad = ("import threading\nthreading.Thread(target=print).start()\n",)
    good = ("import threading\nlock = threading.Lock()\n",)


RULES: tuple[Rule, ...] = (StartsProgram(), MakesProcess(), MeddlesWithProcesses(), StartsThread())
