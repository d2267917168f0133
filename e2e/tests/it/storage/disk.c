/* A disk that forgets and fails: put in front of the C library by LD_PRELOAD, for files of one folder.
 *
 * DISK_FOLDER   the folder
 * DISK_SHADOW   what is on the disk for sure: with each sync of a file, its content as it is then
 * DISK_LIES     files whose names end so are not kept by a sync (a disk, or a setting, that lies)
 * DISK_FAULTS   a file; while it says `full`, writes fail with ENOSPC, while it says `sync`, syncs with EIO;
 *               while it says `tight`, the disk is as full as it is with what DISK_RESERVE names
 * DISK_RESERVE  a file without which there is room on a disk that is `tight`
 *
 * A name counts as durable with the first sync of its file.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

/* The name of an open file inside the folder, or 0. The wal-index is no file that anything relies on. */
static const char *ours(int fd, char *path) {
    const char *folder = getenv("DISK_FOLDER");
    char link[64];
    if (!folder) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    size_t prefix = strlen(folder);
    if (strncmp(path, folder, prefix) || path[prefix] != '/') return 0;
    const char *name = path + prefix + 1;
    return strstr(name, "-shm") || strstr(name, ".lock") ? 0 : name;
}

static int fault_is(const char *word) {
    const char *path = getenv("DISK_FAULTS");
    char said[16] = {0};
    FILE *file = path ? fopen(path, "r") : 0;
    if (!file) return 0;
    size_t read = fread(said, 1, sizeof said - 1, file);
    fclose(file);
    return read && !strncmp(said, word, strlen(word));
}

static int lies(const char *name) {
    const char *end = getenv("DISK_LIES");
    size_t length = strlen(name);
    return end && length >= strlen(end) && !strcmp(name + length - strlen(end), end);
}

/* The file as it is now becomes what a power cut leaves; the rename makes it whole or not at all. */
static int keep(const char *path, const char *name) {
    const char *shadow = getenv("DISK_SHADOW");
    char half[PATH_MAX], whole[PATH_MAX];
    static char buffer[1 << 16];
    if (!shadow || lies(name)) return 0;
    snprintf(whole, sizeof whole, "%s/%s", shadow, name);
    snprintf(half, sizeof half, "%s/%s.half", shadow, name);
    pthread_mutex_lock(&lock);
    FILE *from = fopen(path, "r"), *to = fopen(half, "w");
    int is_kept = from && to;
    size_t count;
    while (is_kept && (count = fread(buffer, 1, sizeof buffer, from)) > 0)
        is_kept = fwrite(buffer, 1, count, to) == count;
    if (from) fclose(from);
    if (to) is_kept = !fclose(to) && is_kept;
    is_kept = is_kept && !rename(half, whole);
    pthread_mutex_unlock(&lock);
    if (is_kept) return 0;
    errno = EIO;
    return -1;
}

static int synced(int fd) {
    char path[PATH_MAX];
    const char *name = ours(fd, path);
    if (!name) return 0;
    if (fault_is("sync")) {
        errno = EIO;
        return -1;
    }
    return keep(path, name);
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    return synced(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return synced(fd) ? -1 : real(fd);
}

static int is_full(int fd) {
    char path[PATH_MAX];
    struct stat reserve;
    const char *gives = getenv("DISK_RESERVE");
    int is_tight = fault_is("tight") && !(gives && !stat(gives, &reserve) && !reserve.st_size);
    if (!ours(fd, path) || !(is_tight || fault_is("full"))) return 0;
    errno = ENOSPC;
    return 1;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return is_full(fd) ? -1 : real(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return is_full(fd) ? -1 : real(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return is_full(fd) ? -1 : real(fd, bytes, count, at);
}
