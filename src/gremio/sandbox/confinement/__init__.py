"""What a process is left with: Landlock, seccomp, limits."""
