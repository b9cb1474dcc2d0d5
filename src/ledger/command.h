// Command: one write of one caller, as the channel's writer sees it.
#pragma once

#include "ledger/workspace.h"

namespace orc {

// Not owned by the writer: Finish gives the command up, and it may end its own life there.
class Command {
 public:
  virtual ~Command() = default;

  // The rows Run will ask for, as far as the request names them.
  virtual void Prefetch(Needs& needs) const = 0;
  // Decides and stages. May be called more than once; each call starts from nothing. On failure nothing may be relied
  // on: the workspace takes back what was staged.
  virtual Result<void> Run(Workspace& workspace) = 0;
  // Called exactly once, by any thread: success means durable, failure means no trace.
  virtual void Finish(Result<void> outcome) = 0;
  // Whether the caller has left: the command is then answered with kCancelled and not run.
  virtual bool IsAbandoned() const = 0;
  // Of the request, for the bounds of the queue.
  virtual int64_t SizeBytes() const = 0;
  // Who calls: organizations whose commands wait take turns.
  virtual const std::string& Organization() const = 0;
};

}  // namespace orc
