"""A certificate for 127.0.0.1 that it has signed itself, and its key, which is of no other use."""

import ssl
import tempfile

_KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgskpcaeD3jO4hiaAY
qZsJwNrTZkjTCmS02gxjVmVwSMChRANCAASHv8grOaQAuovCpkrrtkYu7XG4TgDJ
0y70CblDanlKUr5vdZ5RWHnj0t5/Z+teH3JkBx0Z4Leoow8BFT0/G5/a
-----END PRIVATE KEY-----
"""
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBXTCCAQKgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAkxMjcuMC4w
LjEwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CTEyNy4wLjAuMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIe/yCs5pAC6i8Km
Suu2Ri7tcbhOAMnTLvQJuUNqeUpSvm91nlFYeePS3n9n614fcmQHHRngt6ijDwEV
PT8bn9qjQzBBMA8GA1UdEQQIMAaHBH8AAAEwDwYDVR0TAQH/BAUwAwEB/zAdBgNV
HQ4EFgQUkHOkUC5FkgGw9ka39+B6pYp8bCIwCgYIKoZIzj0EAwIDSQAwRgIhAJ36
SgTTBiMf1V1kBvDC5Xdft7NY8XiPJL49vD28S116AiEArSZstxEcHHpZECr8yVOR
ytt/Uv2h4CSeQKdOZLbVCSw=
-----END CERTIFICATE-----
"""


def server_context() -> ssl.SSLContext:
    """For a server that has the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(_KEY + CERTIFICATE)
        file.flush()
        context.load_cert_chain(file.name)
    return context
