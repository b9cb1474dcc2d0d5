// Texts of settings and flags in the forms that Go programs take, since deployments write them so (deployment.md 2.1).
// Pure functions, thread-safe; no value means that the text is not of the form.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace orc {

// A sum of decimal numbers, each with a unit of ns, us, µs, ms, s, m, h: `500ms`, `1m30s`, `1.5h`, with a sign before
// it or not; `0` alone needs no unit. No value either when it exceeds 64 bits of nanoseconds.
std::optional<std::chrono::nanoseconds> ParseGoDuration(std::string_view text);

// `duration` in that form, the way Go prints it: `1m30s`, `500ms`, `0s`.
std::string GoDuration(std::chrono::nanoseconds duration);

// Exactly one of 1 t T TRUE true True 0 f F FALSE false False.
std::optional<bool> ParseGoBool(std::string_view text);

}  // namespace orc
