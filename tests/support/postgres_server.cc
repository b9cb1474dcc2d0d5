#include "tests/support/postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace orc {
namespace {

const std::string kPrograms = "/usr/lib/postgresql/15/bin/";

// Whom the server runs as; nullptr: as ourselves.
const passwd* User() {
  if (geteuid() != 0) return nullptr;
  const passwd* const user = getpwnam("postgres");
  return user != nullptr ? user : getpwnam("nobody");
}

// Where Linux does not look for the ports of its own (net.ipv4.ip_local_port_range begins at 32768): no connection
// comes by it between this choice and the start, or while the server is started again.
int FreePort() {
  std::random_device chance;
  std::uniform_int_distribution<uint16_t> ports(10'000, 32'767);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (;;) {
    const uint16_t port = ports(chance);
    address.sin_port = htons(port);
    const int probe = socket(AF_INET, SOCK_STREAM, 0);
    const bool is_free = bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    close(probe);
    if (is_free) return port;
  }
}

// Runs a program as the user, its output in a file. The process ends with this one.
pid_t Spawn(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const passwd* const user = User();
  const pid_t child = fork();
  if (child != 0) return child;
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  if (user != nullptr && (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

void Wait(pid_t process, const char* what) {
  int status = 0;
  waitpid(process, &status, 0);
  if (status != 0) throw std::runtime_error(std::string(what) + " failed");
}

}  // namespace

PostgresServer::PostgresServer(Empty, std::vector<std::string> settings)
    : settings_(std::move(settings)), port_(FreePort()) {
  std::string name = (std::filesystem::temp_directory_path() / "orc-postgres-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
  const passwd* const user = User();
  if (user != nullptr && chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error("the folder cannot be given away");
  }
}

PostgresServer::PostgresServer(std::vector<std::string> settings) : PostgresServer(Empty(), std::move(settings)) {
  Wait(Spawn({kPrograms + "initdb", "-D", folder_ / "data", "-U", "orc", "-A", "trust", "-E", "UTF8", "--locale=C",
              "--no-sync"},
             "/dev/null"),
       "initdb");
  Start();
}

std::unique_ptr<PostgresServer> PostgresServer::MakeStandby() const {
  std::unique_ptr<PostgresServer> standby(new PostgresServer(Empty(), settings_));
  const std::string data = standby->folder_ / "data";
  Wait(Spawn({kPrograms + "pg_basebackup", "-d", Target("postgres") + " application_name=standby", "-D", data, "-R",
              "--checkpoint=fast", "--no-sync"},
             "/dev/null"),
       "pg_basebackup");
  standby->Start();
  return standby;
}

void PostgresServer::Promote() {
  Run("postgres", "SELECT pg_promote(true, 30)");
}

PostgresServer::~PostgresServer() {
  Kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

PostgresServer& PostgresServer::Instance() {
  static PostgresServer server;
  return server;
}

void PostgresServer::Kill() {
  Stop(SIGQUIT);
}

void PostgresServer::StopFast() {
  Stop(SIGINT);
}

void PostgresServer::Stop(int signal) {
  if (process_ < 0) return;
  kill(process_, signal);
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = -1;
}

void PostgresServer::Start() {
  std::vector<std::string> command = {kPrograms + "postgres",
                                      "-D",
                                      folder_ / "data",
                                      "-k",
                                      folder_,
                                      "-h",
                                      "127.0.0.1",
                                      "-p",
                                      std::to_string(port_),
                                      "-c",
                                      "fsync=on",
                                      "-c",
                                      "max_connections=200",
                                      "-c",
                                      "shared_buffers=64MB"};
  for (const std::string& setting : settings_) command.insert(command.end(), {"-c", setting});
  process_ = Spawn(command, folder_ / "log");
  const std::string target = Target("postgres");
  for (int i = 0; i < 600; ++i) {
    if (PQping(target.c_str()) == PQPING_OK) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  throw std::runtime_error("the server does not start: " + Log());
}

uintmax_t PostgresServer::LogSize() const {
  return std::filesystem::file_size(folder_ / "log");
}

std::string PostgresServer::Log(uintmax_t from) const {
  std::ifstream file(folder_ / "log", std::ios::binary);
  file.seekg(static_cast<std::streamoff>(from));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string PostgresServer::CreateDatabase() {
  const std::string name = "test" + std::to_string(++databases_);
  Run("postgres", "CREATE DATABASE " + name + " STRATEGY wal_log");
  return name;
}

std::string PostgresServer::Target(const std::string& database) const {
  return "host=" + folder_.string() + " port=" + std::to_string(port_) + " user=orc dbname=" + database;
}

std::string PostgresServer::TcpTarget(const std::string& database, int port) const {
  return "host=127.0.0.1 port=" + std::to_string(port == 0 ? port_ : port) + " user=orc dbname=" + database;
}

std::string PostgresServer::Run(const std::string& database, const std::string& sql) const {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(Target(database).c_str()), &PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()), &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error(sql + ": " + PQerrorMessage(connection.get()));
  }
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace orc
