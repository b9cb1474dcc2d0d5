#include "tests/store/fault_vfs.h"

#include <sqlite3.h>

#include <new>

namespace orc {
namespace {

Faults faults;
sqlite3_vfs* inner_vfs = nullptr;

// A file of the shim; the file it stands for follows in the same memory.
struct ShimFile {
  sqlite3_file base;
};

sqlite3_file* Inner(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<ShimFile*>(file) + 1);
}

bool FailsNow() {
  const int64_t operation = faults.operations++;
  return faults.fail_at >= 0 && operation >= faults.fail_at && operation < faults.fail_at + faults.fail_count;
}

// What is told to fail is done all the same: a medium may keep what it says it could not.
int Write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const bool fails = FailsNow();
  const int code = Inner(file)->pMethods->xWrite(Inner(file), data, size, offset);
  return fails ? faults.code : code;
}
int Sync(sqlite3_file* file, int flags) {
  const bool fails = FailsNow();
  const int code = Inner(file)->pMethods->xSync(Inner(file), flags);
  return fails ? faults.code : code;
}

int Close(sqlite3_file* file) {
  return Inner(file)->pMethods->xClose(Inner(file));
}
int Read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  return Inner(file)->pMethods->xRead(Inner(file), data, size, offset);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  return Inner(file)->pMethods->xTruncate(Inner(file), size);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Inner(file)->pMethods->xFileSize(Inner(file), size);
}
int Lock(sqlite3_file* file, int level) {
  return Inner(file)->pMethods->xLock(Inner(file), level);
}
int Unlock(sqlite3_file* file, int level) {
  return Inner(file)->pMethods->xUnlock(Inner(file), level);
}
int CheckReservedLock(sqlite3_file* file, int* result) {
  return Inner(file)->pMethods->xCheckReservedLock(Inner(file), result);
}
int FileControl(sqlite3_file* file, int operation, void* argument) {
  return Inner(file)->pMethods->xFileControl(Inner(file), operation, argument);
}
int SectorSize(sqlite3_file* file) {
  return Inner(file)->pMethods->xSectorSize(Inner(file));
}
int DeviceCharacteristics(sqlite3_file* file) {
  return Inner(file)->pMethods->xDeviceCharacteristics(Inner(file));
}
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** address) {
  return Inner(file)->pMethods->xShmMap(Inner(file), page, size, extend, address);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return Inner(file)->pMethods->xShmLock(Inner(file), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) {
  Inner(file)->pMethods->xShmBarrier(Inner(file));
}
int ShmUnmap(sqlite3_file* file, int remove) {
  return Inner(file)->pMethods->xShmUnmap(Inner(file), remove);
}

constexpr sqlite3_io_methods kMethods = {
    2,
    Close,
    Read,
    Write,
    Truncate,
    Sync,
    FileSize,
    Lock,
    Unlock,
    CheckReservedLock,
    FileControl,
    SectorSize,
    DeviceCharacteristics,
    ShmMap,
    ShmLock,
    ShmBarrier,
    ShmUnmap,
    nullptr,
    nullptr,
};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* shim = new (file) ShimFile{};
  const int code = inner_vfs->xOpen(inner_vfs, name, Inner(file), flags, out_flags);
  if (Inner(file)->pMethods != nullptr) shim->base.pMethods = &kMethods;
  return code;
}

}  // namespace

Faults& InstallFaults() {
  static sqlite3_vfs shim = [] {
    inner_vfs = sqlite3_vfs_find(nullptr);
    sqlite3_vfs vfs = *inner_vfs;
    vfs.zName = "faults";
    vfs.pNext = nullptr;
    vfs.szOsFile += static_cast<int>(sizeof(ShimFile));
    vfs.xOpen = Open;
    return vfs;
  }();
  sqlite3_vfs_register(&shim, 1);
  faults = Faults{};
  return faults;
}

}  // namespace orc
