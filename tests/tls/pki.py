"""Certificates, made with the openssl command line."""
import pathlib
import subprocess

CA_EXTENSIONS = """basicConstraints = critical, CA:TRUE
keyUsage = critical, cRLSign, keyCertSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always"""
SERVER_EXTENSIONS = """subjectAltName = DNS:localhost, IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid"""
CLIENT_EXTENSIONS = """extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid"""

CONFIG = """
[ca]
default_ca = this
[this]
dir = {folder}
database = $dir/index.txt
new_certs_dir = $dir
certificate = $dir/ca.crt
private_key = $dir/ca.key
rand_serial = yes
default_md = sha256
default_crl_days = 30
policy = any
preserve = yes
unique_subject = no
[any]
organizationName = optional
commonName = optional
"""


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def new_key(path):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
    return path


class Pair:
    """A certificate with its key. `chain` is what its holder sends: its own certificate first."""

    def __init__(self, crt, key, above=()):
        self.crt = pathlib.Path(crt)
        self.key = pathlib.Path(key)
        self.chain = "".join(path.read_text() for path in (self.crt, *above))


class Authority:
    """A CA in a folder of its own. Without `issuer` it is a root."""

    def __init__(self, folder, name, issuer=None, extensions=CA_EXTENSIONS, days=30, subject=None):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir(parents=True)
        self.key = new_key(self.folder / "ca.key")
        self.crt = self.folder / "ca.crt"
        self.issuer = issuer
        self.made = 0
        (self.folder / "index.txt").touch()
        self.config = self.folder / "ca.cnf"
        self.config.write_text(CONFIG.format(folder=self.folder))
        request = self.request(self.key, subject or f"/CN={name}", "ca")
        if issuer:
            issuer.sign(request, self.crt, extensions, days=days)
        else:
            openssl("x509", "-req", "-in", request, "-signkey", self.key, "-out", self.crt, "-days", days, "-extfile",
                    self.write_extensions(extensions, "ca"))

    def request(self, key, subject, name):
        path = self.folder / f"{name}.csr"
        openssl("req", "-new", "-key", key, "-subj", subject, "-out", path)
        return path

    def write_extensions(self, extensions, name):
        path = self.folder / f"{name}.ext"
        path.write_text(extensions + "\n")
        return path

    def sign(self, request, crt, extensions, days=30, start=None, end=None):
        dates = ["-startdate", start, "-enddate", end] if start else ["-days", days]
        openssl("ca", "-batch", "-notext", "-config", self.config, "-in", request, "-out", crt, "-extfile",
                self.write_extensions(extensions, crt.stem), *dates)

    def intermediates(self):
        """What a holder of a certificate of this CA sends besides it: the CAs below the root."""
        return [] if self.issuer is None else [self.crt, *self.issuer.intermediates()]

    def issue(self, subject, extensions=CLIENT_EXTENSIONS, **dates):
        self.made += 1
        name = f"leaf{self.made}"
        key, crt = new_key(self.folder / f"{name}.key"), self.folder / f"{name}.crt"
        self.sign(self.request(key, subject, name), crt, extensions, **dates)
        return Pair(crt, key, self.intermediates())

    def issue_version_1(self, subject):
        """As the mutual TLS guide signs a request: without extensions, which makes X.509 version 1."""
        self.made += 1
        name = f"leaf{self.made}"
        key, crt = new_key(self.folder / f"{name}.key"), self.folder / f"{name}.crt"
        openssl("x509", "-req", "-in", self.request(key, subject, name), "-CA", self.crt, "-CAkey", self.key,
                "-CAcreateserial", "-out", crt, "-days", 30)
        return Pair(crt, key, self.intermediates())

    def identifier(self):
        """The subject key identifier, in hexadecimal."""
        shown = openssl("x509", "-in", self.crt, "-noout", "-ext", "subjectKeyIdentifier")
        return shown.splitlines()[1].strip().replace(":", "")

    def server(self):
        return self.issue("/CN=localhost", SERVER_EXTENSIONS)

    def revoke(self, pair):
        openssl("ca", "-batch", "-config", self.config, "-revoke", pair.crt)

    def revocation_list(self):
        path = self.folder / "list.crl"
        openssl("ca", "-batch", "-config", self.config, "-gencrl", "-out", path)
        return path.read_text()
