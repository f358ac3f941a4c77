import type { GateRules } from "./import-gate.ts";

// Of Linux's open(2), as Emscripten has them: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND.
const writing = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000;
// WASI's numbers, negative as system calls answer them.
const notImplemented = -52;
const readOnly = -69;

const pass: readonly string[] = [
  ...["clock_time_get", "clock_res_get", "random_get", "emscripten_get_now", "emscripten_date_now"],
  ...["_emscripten_get_now_is_monotonic", "_localtime_js", "_gmtime_js", "_mktime_js", "_timegm_js", "_tzset_js"],
  // Files are in memory, and those of the module alone.
  ...["fd_read", "fd_write", "fd_seek", "fd_close", "fd_fdstat_get", "__syscall_fstat64", "__syscall_stat64"],
  ...["__syscall_lstat64", "__syscall_newfstatat", "__syscall_getdents64", "__syscall_getcwd", "__syscall_faccessat"],
  ...["__syscall_readlinkat", "__syscall_fcntl64", "__syscall_ioctl", "__syscall_getuid32_js"],
  // Memory, up to what `cap-memory` allows.
  ...["emscripten_resize_heap", "emscripten_get_heap_max"],
  // Calls a function of the module's own table.
  "_PyEM_TrampolineCall_JS",
];

const refused: readonly string[] = [
  ...["chdir", "chmod", "dup", "dup3", "fadvise64", "fallocate", "fchdir", "fchmod", "fchmodat2", "fchown32"],
  ...["fchownat", "fdatasync", "fstatfs64", "ftruncate64", "mkdirat", "mknodat", "pipe", "poll", "renameat", "rmdir"],
  ...["statfs64", "symlinkat", "truncate64", "umask_js", "unlinkat", "utimensat", "socket", "connect", "bind"],
  ...["listen", "accept4", "sendto", "sendmsg", "recvfrom", "recvmsg", "getpeername", "getsockname", "getsockopt"],
];

/** What Python may call of its host while it runs a kind's code: clocks, chance, and files that it can only read. */
export const gateRules: GateRules = {
  ...Object.fromEntries(pass.map((name) => [name, "pass" as const])),
  ...Object.fromEntries(refused.map((name) => [`__syscall_${name}`, notImplemented])),
  __syscall_openat: (_directory, _path, flags = writing) => ((flags & writing) === 0 ? "pass" : readOnly),
  _mmap_js: notImplemented,
  _msync_js: notImplemented,
  _setitimer_js: notImplemented,
  _emscripten_system: -1,
  // EAI_NONAME
  getaddrinfo: -2,
  // A library that cannot be loaded or has no such symbol.
  ffi_closure_alloc_js: 0,
  _dlopen_js: 0,
  _dlsym_js: 0,
  _dlsym_catchup_js: 0,
  can_run_sync_js: 0,
};
