"""Certificates of an authority that exists for one test session; made by the openssl program."""

import pathlib
import ssl
import subprocess


def _openssl(*arguments):
    made = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    if made.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {made.stderr}")


class Authority:
    """`ca` is its own certificate as a PEM file: what a client must trust."""

    def __init__(self, directory, name):
        self._directory = pathlib.Path(directory)
        self.name = name
        self.ca, self._key = self._directory / f"{name}-ca.crt", self._directory / f"{name}-ca.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2,
                 "-subj", f"/CN={name} authority", "-keyout", self._key, "-out", self.ca)

    def certify(self, host, days=2, usage="serverAuth"):
        """(certificate, key) of a server of that name, as PEM files; it is over since yesterday with days=-1."""
        base = self._directory / f"{self.name}-{host}-{days}-{usage}"
        certificate, key, request, extensions = (base.with_name(base.name + end) for end in (".crt", ".key", ".csr", ".ext"))
        if not certificate.exists():
            _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                     "-subj", f"/CN={host}", "-keyout", key, "-out", request)
            extensions.write_text(f"subjectAltName=DNS:{host}\nextendedKeyUsage={usage}\n")
            _openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self._key, "-CAcreateserial", "-days", days,
                     "-extfile", extensions, "-out", certificate)
        return certificate, key

    def self_signed(self, host):
        """The same of a server that vouches for itself."""
        base = self._directory / f"{host}-self"
        certificate, key = base.with_name(base.name + ".crt"), base.with_name(base.name + ".key")
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2, "-subj", f"/CN={host}",
                 "-addext", f"subjectAltName=DNS:{host}", "-keyout", key, "-out", certificate)
        return certificate, key

    def server(self, host="localhost"):
        """The TLS side of a server of that name."""
        return server_with(self.certify(host))


def server_with(certificate_and_key):
    """The TLS side of a server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate_and_key)
    return context
