"""Certificates, and clients that trust their authority."""

import pathlib
import ssl
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Certificates:
    """What Tests/Certificates/make.sh makes."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        subprocess.run([ROOT / "Tests/Certificates/make.sh", folder], check=True, timeout=60)

    def __call__(self, name: str) -> str:
        return str(self.folder / name)

    def bytes(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def context(self, client: str = "") -> ssl.SSLContext:
        """A client's context, which comes with a certificate if one is named."""
        context = ssl.create_default_context(cafile=self("ca.pem"))
        if client:
            context.load_cert_chain(self(f"{client}.pem"), self(f"{client}.key"))
        return context
